import { DataSource, type DataSourceOptions } from 'typeorm';
import { poolOf } from './data-source.js';

/** Any number will do, as long as all copies of the server use the same. */
const MIGRATION_LOCK = 7_203_114_511;

/** A data source whose tables are there and up to date. If that fails, what was opened is closed again. */
export async function openDataSource(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = new DataSource(options);
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  }
}

/** Runs the migrations that are missing; of several processes that start at once one does it and the others wait. */
async function migrate(dataSource: DataSource): Promise<void> {
  const client = await poolOf(dataSource).connect();
  try {
    await client.query('SET lock_timeout = 0');
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.runMigrations();
  } finally {
    client.release(true); // closed, which gives the lock free: its lock_timeout is not the pool's
  }
}
