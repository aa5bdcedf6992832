import pg from 'pg';

/** The row of the first migration: a schema is Parley's if its table of migrations has it. */
export const FIRST_MIGRATION = 'Init1795000000000';
export const MIGRATIONS = 'migrations';

/** Tables, views and sequences of a schema. */
const RELATIONS = `
  SELECT c.relname AS name, c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') ORDER BY c.relname`;

export async function relationsOf(client: pg.ClientBase, schema: string): Promise<{ name: string; kind: string }[]> {
  return (await client.query<{ name: string; kind: string }>(RELATIONS, [schema])).rows;
}

/** Whether the schema's tables were made by Parley's migrations. A view of them is not enough. */
export async function isParleys(client: pg.ClientBase, schema: string): Promise<boolean> {
  const migrations = (await relationsOf(client, schema)).find(({ name }) => name === MIGRATIONS);
  if (migrations?.kind !== 'r') return false;
  return (await migrationsIn(client, schema)).includes(FIRST_MIGRATION);
}

/**
 * The migrations that have run. Somebody else's table of this name may have other columns, or be closed to us: its rows are
 * null.
 */
export async function migrationsIn(client: pg.ClientBase, schema: string): Promise<(string | null)[]> {
  const table = `${pg.escapeIdentifier(schema)}.${MIGRATIONS}`;
  const { rows: readable } = await client.query<{ yes: boolean }>(
    `SELECT has_schema_privilege($1, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS yes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = '${MIGRATIONS}'`,
    [schema],
  );
  if (!readable[0]?.yes) return [null];
  const { rows } = await client.query<{ name: string | null }>(
    `SELECT DISTINCT to_jsonb(m) ->> 'name' AS name FROM ${table} m`,
  );
  return rows.map(({ name }) => name);
}

/** The database that a client is connected to. */
export const databaseOf = (client: pg.ClientBase): string =>
  (client as unknown as { database?: string }).database ?? '';
