import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { fillFromDataDir } from './config/kept-secrets.js';
import { loadSettings } from './config/load-settings.js';
import type { Settings } from './config/settings.js';
import { checkDatabase } from './database/check-database.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './database/embedded-postgres.js';
import { createLogger } from './server/logger.js';
import { readyLines, startErrorText } from './server/start-lines.js';

/** Connections of its own PostgreSQL beside the pool's: listening, migrations, a person with psql. */
const SPARE_CONNECTIONS = 20;

/** When Parley stops, requests get this long to end; docker stop waits for 10 s in all. */
const GRACE_MS = 5000;
const LAST_MS = 9000;
const IDLE_CHECK_MS = 100;

/** Ctrl-C at `npm start` arrives twice, from the terminal and from npm: what comes so soon is no second wish. */
const ECHO_MS = 500;

const startedAt = performance.now();
let postgres: EmbeddedPostgres | undefined;
let app: INestApplication | undefined;
let stoppingSince: number | undefined;

const say = (...lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

async function start(settings: Settings): Promise<void> {
  say('Parley is starting.');
  const loading = import('./server/create-app.js'); // takes a second, in which PostgreSQL starts
  const ownKey = settings.databaseUrl === undefined && settings.bootstrapApiKey === undefined;
  if (settings.databaseUrl === undefined) await useOwnDatabase(settings);
  else await useDatabase(settings.databaseUrl);
  say('  loading the API, bringing the tables up to date');
  const { createApp } = await loading;
  app = await createApp(settings, { logger: createLogger(settings.logLevel), abortOnError: false });
  await app.listen(settings.port, settings.host);
  const address = (app.getHttpServer() as Server).address() as AddressInfo;
  say(...readyLines(settings, address, ownKey), `  Started in ${Math.round(performance.now() - startedAt)} ms`);
}

async function useDatabase(url: string): Promise<void> {
  say(`  connecting to PostgreSQL at ${new URL(url).host}`);
  await checkDatabase(url);
}

async function useOwnDatabase(settings: Settings): Promise<void> {
  postgres = await startEmbeddedPostgres({
    directory: path.join(settings.dataDir, 'postgres'),
    maxConnections: settings.databasePoolSize + SPARE_CONNECTIONS,
    onProgress: (step) => say(`  ${step}`),
  });
  void postgres.ended.then((last) => {
    if (stoppingSince === undefined) void stop(`PostgreSQL has ended: ${last}`, 1);
  });
  settings.databaseUrl = postgres.url;
  fillFromDataDir(settings);
}

/** Stops accepting, lets requests end, closes, stops PostgreSQL, exits. Asked a second time it exits at once. */
async function stop(reason: string, exitCode: number): Promise<void> {
  if (stoppingSince !== undefined) {
    if (performance.now() - stoppingSince > ECHO_MS) process.exit(1);
    return;
  }
  stoppingSince = performance.now();
  say(`${reason}: stopping.`);
  setTimeout(() => process.exit(1), LAST_MS).unref();
  await closeApp().catch((error: unknown) => complain(`Parley did not close properly: ${String(error)}`));
  await postgres?.stop();
  process.exit(exitCode);
}

/** A connection that is kept alive would otherwise hold the server until it times out. */
async function closeApp(): Promise<void> {
  const server = app?.getHttpServer() as Server | undefined;
  setInterval(() => server?.closeIdleConnections(), IDLE_CHECK_MS).unref();
  setTimeout(() => server?.closeAllConnections(), GRACE_MS).unref();
  await app?.close();
}

async function fail(error: unknown, settings: Partial<Settings>): Promise<void> {
  if (stoppingSince !== undefined) return;
  stoppingSince = performance.now();
  complain(`Parley cannot start: ${startErrorText(error, settings)}`);
  await app?.close().catch(() => undefined);
  await postgres?.stop();
  process.exit(1);
}

// Not Nest's enableShutdownHooks(): it sends the signal again after its hooks, and PostgreSQL would not be waited for.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal, 0));

let settings: Partial<Settings> = {};
try {
  const loaded = loadSettings(process.env);
  settings = loaded;
  await start(loaded);
} catch (error) {
  await fail(error, settings);
}
