import pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresOptions } from './data-source.js';
import { prepareSchema } from './prepare-schema.js';

/** Any number will do, as long as all copies of the server use the same. */
const MIGRATION_LOCK = 7_203_114_511;

const CONNECT_TIMEOUT_MS = 5000;

/**
 * A data source whose tables are there and up to date: of several processes that start at once one makes them, and the
 * others wait. If that fails, what was opened is closed again.
 *
 * @throws StartupError: the schema is somebody else's, or the role may not make it
 */
export async function openDataSource(options: PostgresOptions): Promise<DataSource> {
  const dataSource = new DataSource(options);
  // Not the pool's: there a statement waits for a lock for two seconds and no longer.
  const client = new pg.Client({
    connectionString: options.url,
    application_name: 'parley migration',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined); // told by what is awaited
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await prepareSchema(client, options.schema);
    await dataSource.initialize();
    await dataSource.runMigrations();
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  } finally {
    await client.end().catch(() => undefined); // gives the lock free
  }
}
