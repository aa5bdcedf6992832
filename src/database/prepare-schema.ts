import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StartupError } from '../common/startup-error.js';
import { databaseError, isLockTimeout, isRetriable } from './errors.js';
import { moveFromPublic, OLD_SCHEMA, tablesInUse } from './move-from-public.js';
import { databaseOf, isParleys, MIGRATIONS, migrationsIn, relationsOf } from './schema-catalog.js';

/** How often a move is tried if its tables are in use. */
const MOVE_ATTEMPTS = 5;
const MOVE_PAUSE_MS = 500;

const INSUFFICIENT_PRIVILEGE = '42501';
const MAX_NAMED = 5;

const RIGHTS = `
  SELECT has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') AS "mayCreate"
  FROM pg_namespace n WHERE n.nspname = $1`;

/**
 * Makes the schema that the tables are made in, or, if it is there, makes sure that it is Parley's, or empty. What version
 * 0.1.0 made in `public` is moved into it, and views there keep that version going. The database of somebody else is
 * left as it was. One transaction; the caller holds the lock of the migrations.
 *
 * @throws StartupError: something else is in the schema, or the role may not do this
 */
export async function prepareSchema(client: pg.ClientBase, schema: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('BEGIN');
      await prepare(client, schema);
      await client.query('COMMIT');
      return;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined); // a broken connection has rolled back by itself
      const isBusy = isLockTimeout(error) || isRetriable(error);
      if (!isBusy || attempt === MOVE_ATTEMPTS) throw isBusy ? tablesInUse() : withReason(error, client, schema);
      await sleep(MOVE_PAUSE_MS);
    }
  }
}

async function prepare(client: pg.ClientBase, schema: string): Promise<void> {
  if (await isParleys(client, schema)) return;
  await assertEmpty(client, schema);
  const { rows } = await client.query<{ mayCreate: boolean }>(RIGHTS, [schema]);
  if (rows[0]?.mayCreate === false)
    throw new StartupError(mayNot(client, `make tables in the schema ${schema}`, schema));
  if (!rows[0]) await client.query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`);
  if (schema !== OLD_SCHEMA && (await isParleys(client, OLD_SCHEMA))) await moveFromPublic(client, schema);
}

/** A start that was killed early may have left an empty table of migrations. @throws StartupError */
async function assertEmpty(client: pg.ClientBase, schema: string): Promise<void> {
  const names = (await relationsOf(client, schema)).map(({ name }) => name);
  if (names.length === 0) return;
  const isLeftOver = names.every((name) => name.startsWith(MIGRATIONS)) && names.includes(MIGRATIONS);
  if (isLeftOver && (await migrationsIn(client, schema)).length === 0) return;
  const named = names.slice(0, MAX_NAMED).join(', ') + (names.length > MAX_NAMED ? ', …' : '');
  throw new StartupError(
    `the schema ${schema} of the database ${databaseOf(client)} holds what Parley did not make (${named}); ` +
      'set DATABASE_SCHEMA to a name that nobody uses there, or DATABASE_URL to another database. Nothing was changed',
  );
}

/** What the role lacks is told; anything else is a bug, or PostgreSQL that has gone. */
function withReason(error: unknown, client: pg.ClientBase, schema: string): unknown {
  const refused = databaseError(error);
  if (refused?.code !== INSUFFICIENT_PRIVILEGE) return error;
  return new StartupError(
    mayNot(client, `make the schema ${schema}, or move its tables there`, schema, refused.message),
  );
}

function mayNot(client: pg.ClientBase, what: string, schema: string, reason = 'permission denied'): string {
  const { user = '' } = client as unknown as { user?: string };
  return (
    `the role ${user} may not ${what} (${reason}); as the owner of the database ${databaseOf(client)}, ` +
    `run CREATE SCHEMA IF NOT EXISTS ${schema}; ALTER SCHEMA ${schema} OWNER TO ${user}`
  );
}
