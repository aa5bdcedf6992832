import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DataSource } from 'typeorm';
import { keptSecret } from '../src/config/data-dir.js';
import { Settings } from '../src/config/settings.js';
import { databaseSchemaOf, dataSourceOptions } from '../src/database/data-source.js';
import { openDataSource } from '../src/database/open-data-source.js';
import { DirectoryInUse } from '../src/postgres/directory-lock.js';
import { startEmbeddedPostgres } from '../src/postgres/embedded-postgres.js';
import { clusterIn, CLUSTER_USER } from '../src/postgres/postgres-cluster.js';
import { schema } from '../src/schema.js';

export interface OpenDatabase {
  readonly dataSource: DataSource;
  /** Where it is, without the password. */
  readonly place: string;
  close(): Promise<void>;
}

/**
 * The database that `npm start` uses with the same settings, migrated: DATABASE_URL; else Parley's own, started for as
 * long as it is open where no Parley runs on it.
 */
export async function openDatabase(env: NodeJS.ProcessEnv): Promise<OpenDatabase> {
  const { url, place, stop } = await find(env);
  try {
    const dataSource = await openDataSource(
      dataSourceOptions(url, schema, { ...databaseSchemaOf(env), databasePoolSize: 2 }),
    );
    return { dataSource, place, close: () => dataSource.destroy().then(stop) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function find(env: NodeJS.ProcessEnv): Promise<{ url: string; place: string; stop(): Promise<void> }> {
  const stop = async (): Promise<void> => undefined;
  if (env.DATABASE_URL) return { url: env.DATABASE_URL, place: new URL(env.DATABASE_URL).host, stop };
  const directory = path.resolve(env.DATA_DIR || new Settings().dataDir, 'postgres');
  try {
    const postgres = await startEmbeddedPostgres({ directory });
    return { url: postgres.url, place: directory, stop: () => postgres.stop() };
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) throw error;
    return { url: urlOfRunning(directory), place: `${directory} (running)`, stop };
  }
}

/** The fourth line of postmaster.pid is the port: https://www.postgresql.org/docs/current/storage-file-layout.html */
function urlOfRunning(directory: string): string {
  const port = readFileSync(path.join(clusterIn(directory), 'postmaster.pid'), 'utf8').split('\n')[3];
  const password = keptSecret(path.join(directory, 'password'));
  return `postgres://${CLUSTER_USER}:${password}@127.0.0.1:${port}/parley`;
}
