import pg from 'pg';
import { StartupError } from '../common/startup-error.js';
import { FIRST_MIGRATION, MIGRATIONS, migrationsIn, relationsOf } from './schema-catalog.js';

/** Where version 0.1.0 made its tables, and these, in the order in which transactions lock them. */
export const OLD_SCHEMA = 'public';
const OLD_TABLES = [
  'users',
  'conversations',
  'members',
  'messages',
  'blocks',
  'credentials',
  'sessions',
  'api_keys',
  MIGRATIONS,
];

/** While a move waits for a table everybody else waits behind it: so not long. */
const MOVE_LOCK_MS = 1000;

/**
 * Moves what version 0.1.0 made into this schema, without copying anything: the tables keep their rows and indexes. Copies
 * of 0.1.0 that serve meanwhile find views under the old names, through which each of their statements works as before,
 * locks and prepared statements too. `xmax` is a system column, which views have only if it is named.
 *
 * Locks every table for itself. @throws StartupError: they are not 0.1.0's alone
 */
export async function moveFromPublic(client: pg.ClientBase, schema: string): Promise<void> {
  await assertMovable(client);
  const to = pg.escapeIdentifier(schema);
  await client.query(`SET LOCAL lock_timeout = ${MOVE_LOCK_MS}`);
  await client.query(`LOCK TABLE ${OLD_TABLES.map((table) => `${OLD_SCHEMA}.${table}`).join(', ')}`);
  for (const table of OLD_TABLES) {
    await client.query(`ALTER TABLE ${OLD_SCHEMA}.${table} SET SCHEMA ${to}`);
    const columns = table === 'users' ? '*, xmax' : '*';
    await client.query(`CREATE VIEW ${OLD_SCHEMA}.${table} AS SELECT ${columns} FROM ${to}.${table}`);
  }
}

/** @throws StartupError: other migrations than 0.1.0's have run there, Parley's or somebody's */
async function assertMovable(client: pg.ClientBase): Promise<void> {
  const others = (await migrationsIn(client, OLD_SCHEMA)).filter((name) => name !== FIRST_MIGRATION);
  const tables = (await relationsOf(client, OLD_SCHEMA)).filter(({ kind }) => kind === 'r').map(({ name }) => name);
  const missing = OLD_TABLES.filter((table) => !tables.includes(table));
  if (others.length === 0 && missing.length === 0) return;
  const why = missing.length > 0 ? `${missing.join(', ')} is missing there` : `${others.join(', ')} has run there, too`;
  throw new StartupError(
    `the tables that version 0.1.0 made in ${OLD_SCHEMA} cannot be moved: ${why}; ` +
      `set DATABASE_SCHEMA=${OLD_SCHEMA} to leave them there. Nothing was changed`,
  );
}

export const tablesInUse = (): StartupError =>
  new StartupError(
    `the tables that version 0.1.0 made in ${OLD_SCHEMA} are held by a transaction that does not end, so they could not ` +
      'be moved; start again. Nothing was changed',
  );
