import { expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import pg from 'pg';
import { unavailable } from '../src/common/problems.js';
import { raw, type RawAnswer } from './support/raw.js';
import { startServer } from './support/server.js';

it('a server is ready while its database answers, and not otherwise; it is alive all the time', async () => {
  const lines: unknown[][] = [];
  const keep = (...line: unknown[]): void => void lines.push(line);
  const logger: LoggerService = { log: keep, warn: keep, error: keep, fatal: keep };
  const { url, settings } = await startServer({}, logger);
  const ask = (what: string): Promise<RawAnswer> => raw(`${url}/health/${what}`, 'GET');
  const well = { status: 200, text: '{"status":"ok"}' };
  expect(await ask('ready')).toMatchObject(well);

  const database = new URL(settings.databaseUrl).pathname.slice(1);
  const admin = new pg.Client({ connectionString: new URL('/postgres', settings.databaseUrl).href });
  await admin.connect();
  await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
  const away = await ask('ready');
  expect(away).toBeProblem(unavailable);
  expect(away.headers.get('Retry-After')).toBe('1');
  expect(await ask('live')).toMatchObject(well);
  const line = /^GET \/health\/ready failed \(request [\w-]+\): The database does not answer\.$/;
  expect(lines.filter(([message]) => line.test(String(message)))).toEqual([[expect.anything(), 'ProblemFilter']]); // no stack

  await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
  await admin.end();
  expect(await ask('ready')).toMatchObject(well);
});
