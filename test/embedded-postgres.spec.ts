import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { DirectoryInUse } from '../src/postgres/directory-lock.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/postgres/embedded-postgres.js';
import { postgresPrograms } from '../src/postgres/postgres-programs.js';
import { postgresUser } from '../src/postgres/system-user.js';

let directory: string;
const started: EmbeddedPostgres[] = [];
const inCluster = (file: string): string => path.join(directory, 'cluster', file);

async function start(progress: string[] = []): Promise<EmbeddedPostgres> {
  const onProgress = (step: string): unknown => progress.push(step);
  const postgres = await startEmbeddedPostgres({ directory, durable: false, onProgress });
  started.push(postgres);
  return postgres;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  await client.end();
  return (rows[0] as unknown[] | undefined)?.[0];
}

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'parley-postgres-'));
  chmodSync(directory, 0o755);
});
afterEach(async () => {
  for (const postgres of started.splice(0)) await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
});

it("the embedded PostgreSQL is made once, in UTF-8, sorted by code point whatever the machine's language, and keeps its port", async () => {
  const steps: string[] = [];
  const first = await start(steps);
  expect(await ask(first.url, 'SHOW server_encoding')).toBe('UTF8');
  expect(await ask(first.url, `SELECT string_agg(x, '' ORDER BY x) FROM unnest('{é,b,Z,a}'::text[]) x`)).toBe('Zabé');
  await ask(first.url, 'CREATE TABLE kept AS SELECT 1');
  await first.stop();
  const second = await start(steps);
  expect(await ask(second.url, 'SELECT * FROM kept')).toBe(1);
  expect(second.port).toBe(first.port);
  expect(second.port).toBeLessThan(32_768);
  expect(steps.filter((step) => step.includes('first start'))).toHaveLength(1);
});

it('the embedded PostgreSQL refuses a connection without its password', async () => {
  const { url } = await start();
  await expect(ask(url.replace(/:[^:@]+@/, ':guessed@'), 'SELECT 1')).rejects.toThrow('password authentication failed');
});

it('a second start on the same directory is refused', async () => {
  const { url } = await start();
  await expect(start()).rejects.toThrow(DirectoryInUse);
  expect(await ask(url, 'SELECT 1')).toBe(1);
});

it('a start stops a PostgreSQL that a killed Parley left behind, and starts its own', async () => {
  const { port, cluster, stop } = await start();
  await stop();
  const user = postgresUser(cluster);
  const { postgres } = await postgresPrograms(user, directory);
  const options = ['-D', cluster, '-c', `port=${port}`, '-c', 'unix_socket_directories='];
  const left = spawn(postgres, options, { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => left.once('exit', resolve));
  for await (const output of left.stderr) if (String(output).includes('ready to accept connections')) break;
  const steps: string[] = [];
  expect(await ask((await start(steps)).url, 'SELECT 1')).toBe(1);
  expect(await ended).toBe(0);
  expect(steps).toContain('stopped a PostgreSQL that was left behind');
});

it('a start does not stop another process that has the id in postmaster.pid', async () => {
  const { stop } = await start();
  await stop();
  writeFileSync(inCluster('postmaster.pid'), `${process.ppid}\n${path.join(directory, 'cluster')}\n1\n1\n`);
  expect(await ask((await start()).url, 'SELECT 1')).toBe(1);
});

it('a start makes the cluster again if an earlier start was interrupted', async () => {
  mkdirSync(path.join(directory, 'cluster.new', 'half'), { recursive: true });
  expect(await ask((await start()).url, 'SELECT 1')).toBe(1);
});

it('a start names the PostgreSQL version that made files it cannot read', async () => {
  const { stop } = await start();
  await stop();
  writeFileSync(inCluster('PG_VERSION'), '17\n');
  await expect(start()).rejects.toThrow(/made by PostgreSQL 17, and this Parley brings PostgreSQL 18/);
});

it('a start reports that its password file is the wrong one', async () => {
  const { stop } = await start();
  await stop();
  rmSync(path.join(directory, 'password'));
  await expect(start()).rejects.toThrow('is not that of the database');
});
