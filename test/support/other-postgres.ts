import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { postgresUser } from '../../src/postgres/system-user.js';
import { until } from './until.js';

export interface OtherPostgres {
  /** Of the database `parley`, by its superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

const USER = 'parley';
/** Below those that systems give to outgoing connections, and not one of the embedded server's usual ones. */
const FIRST_PORT = 18_000;

/** Runs a throw-away PostgreSQL of another version from the directory of its programs, without fsync. */
export async function startOtherPostgres(programs: string): Promise<OtherPostgres> {
  const cluster = mkdtempSync(path.join(os.tmpdir(), 'parley-other-postgres-'));
  const user = postgresUser(cluster);
  if (user.uid !== undefined && user.gid !== undefined) chownSync(cluster, user.uid, user.gid);
  const options = [
    '--pgdata',
    cluster,
    '--username',
    USER,
    '--auth',
    'trust',
    '--encoding',
    'UTF8',
    '--locale',
    'C.UTF-8',
  ];
  execFileSync(path.join(programs, 'initdb'), [...options, '--no-sync'], { ...user, cwd: '/', stdio: 'ignore' });
  const port = FIRST_PORT + (process.pid % 1_000);
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 300,
    fsync: 'off',
  };
  const server = spawn(
    path.join(programs, 'postgres'),
    ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...user, cwd: '/', stdio: 'ignore' },
  );
  const url = (database: string): string => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  await until(() => canConnect(url('postgres')), 30_000);
  const client = new pg.Client({ connectionString: url('postgres') });
  await client.connect();
  await client.query('CREATE DATABASE parley');
  await client.end();
  return {
    url: url('parley'),
    stop: async () => {
      const ended = once(server, 'exit');
      server.kill('SIGINT');
      await ended;
      rmSync(cluster, { recursive: true, force: true });
    },
  };
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
