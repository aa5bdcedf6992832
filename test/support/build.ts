import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const ROOT = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** How long a build may take on a busy machine, including the builds it waits for. */
export const BUILD_MS = 300_000;

/** Builds the server for `npm start`, unless the build is up to date. */
export const buildProgram = (): Promise<void> => alone(process.execPath, 'scripts/build-if-stale.mjs');

/** Builds the SDK. */
export const buildSdk = (): Promise<void> => alone('npx', '--no-install', 'tsc', '-p', 'sdk');

/** One build at a time: the test files of a run share its PostgreSQL and the build. */
async function alone(command: string, ...args: string[]): Promise<void> {
  const url = new URL('/postgres', process.env.TEMPLATE_DATABASE_URL);
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('build'))`); // ends with the connection
    await run(command, args, { cwd: ROOT });
  } finally {
    await client.end();
  }
}
