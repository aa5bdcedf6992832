import 'reflect-metadata';
import { afterAll } from '@jest/globals';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import pg from 'pg';
import { Settings } from '../../src/config/settings.js';
import { closeApp } from '../../src/server/close-app.js';
import { createApp } from '../../src/server/create-app.js';
import { newDatabase } from './database.js';

export const APPLICATION_KEY = 'the-bootstrap-key-of-the-tests';

export interface TestServer {
  /** Its address, over real HTTP. */
  readonly url: string;
  readonly settings: Settings;
  readonly app: INestApplication;
  /** Stops it before the file ends; its database stays. */
  readonly stop: () => Promise<void>;
  /** For reading rows, and for writing rows that would take too long through the API. */
  readonly db: pg.Pool;
}

const started = new Map<string, Promise<TestServer>>();
const cleanUps: (() => Promise<unknown>)[] = [];

/** The server of this test file with these settings, on a database of its own; started when it is first asked for. */
export function server(settings: Partial<Settings> = {}): Promise<TestServer> {
  const key = JSON.stringify(settings);
  const running = started.get(key) ?? startServer(settings);
  started.set(key, running);
  return running;
}

/** One more server: with `databaseUrl`, another process on the same database. */
export async function startServer(
  given: Partial<Settings> = {},
  logger: NestApplicationOptions['logger'] = ['error', 'fatal'],
): Promise<TestServer> {
  const database = given.databaseUrl === undefined ? await newDatabase() : undefined;
  const settings = Object.assign(new Settings(), {
    databaseUrl: database?.url,
    jwtSecret: 'the secret of the tests, at least 32 characters',
    bootstrapApiKey: APPLICATION_KEY,
    port: 0,
    ...given,
  });
  const app = await createApp(settings, { logger });
  await app.listen(settings.port, settings.host);
  const db = new pg.Pool({ connectionString: settings.databaseUrl, max: 2 });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= closeApp(app));
  cleanUps.unshift(async () => {
    await stop();
    await db.end();
    await database?.drop();
  });
  return { url: await app.getUrl(), settings, app, stop, db };
}

afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  started.clear();
});
