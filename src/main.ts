import 'reflect-metadata';
import cluster from 'node:cluster';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { fillFromDataDir } from './config/kept-secrets.js';
import { loadSettings } from './config/load-settings.js';
import type { Settings } from './config/settings.js';
import { checkDatabase } from './database/check-database.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './postgres/embedded-postgres.js';
import { closeApp } from './server/close-app.js';
import { createLogger } from './server/logger.js';
import { readyLines, startErrorText } from './server/start-lines.js';
import { Workers } from './server/workers.js';

/** Connections of its own PostgreSQL beside the pools': of each process for the bus, and for a person with psql. */
const BUS_CONNECTIONS = 3;
const SPARE_CONNECTIONS = 20;

/** When Parley stops, it exits after so long, whatever has not ended; docker stop waits for 10 s in all. */
const LAST_MS = 9000;

/** Ctrl-C at `npm start` arrives twice, from the terminal and from npm: what comes so soon is no second wish. */
const ECHO_MS = 500;

const startedAt = performance.now();
let postgres: EmbeddedPostgres | undefined;
let app: INestApplication | undefined;
let workers: Workers | undefined;
let stoppingSince: number | undefined;

const say = (...lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

async function start(settings: Settings): Promise<void> {
  say('Parley is starting.');
  const loading = settings.workers === 1 ? import('./server/create-app.js') : undefined; // takes a second, in which PostgreSQL starts
  const ownKey = settings.databaseUrl === undefined && settings.bootstrapApiKey === undefined;
  if (settings.databaseUrl === undefined) await useOwnDatabase(settings);
  else await useDatabase(settings.databaseUrl);
  say('  loading the API, bringing the tables up to date');
  await loading;
  const address = settings.workers === 1 ? await serve(settings) : await startWorkers(settings);
  if (workers) say(`  processes ${workers.pids.join(', ')} serve`);
  say(...readyLines(settings, address, ownKey), `  Started in ${Math.round(performance.now() - startedAt)} ms`);
}

async function serve(settings: Settings): Promise<AddressInfo> {
  const { createApp } = await import('./server/create-app.js');
  app = await createApp(settings, { logger: createLogger(settings.logLevel), abortOnError: false });
  await app.listen(settings.port, settings.host);
  return (app.getHttpServer() as Server).address() as AddressInfo;
}

async function startWorkers(settings: Settings): Promise<AddressInfo> {
  workers = new Workers(settings, complain);
  const { address, port } = await workers.start();
  return { address, port, family: '' };
}

async function useDatabase(url: string): Promise<void> {
  say(`  connecting to PostgreSQL at ${new URL(url).host}`);
  await checkDatabase(url);
}

async function useOwnDatabase(settings: Settings): Promise<void> {
  postgres = await startEmbeddedPostgres({
    directory: path.join(settings.dataDir, 'postgres'),
    maxConnections: settings.workers * (settings.databasePoolSize + BUS_CONNECTIONS) + SPARE_CONNECTIONS,
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
  if (cluster.isPrimary) say(`${reason}: stopping.`);
  setTimeout(() => process.exit(1), LAST_MS).unref();
  await workers?.stop();
  if (app) await closeApp(app).catch((error: unknown) => complain(`Parley did not close properly: ${String(error)}`));
  await postgres?.stop();
  process.exit(exitCode);
}

async function fail(error: unknown, settings: Partial<Settings>): Promise<void> {
  if (stoppingSince !== undefined) return;
  stoppingSince = performance.now();
  complain(`Parley cannot start: ${startErrorText(error, settings)}`);
  await workers?.stop();
  await app?.close().catch(() => undefined);
  await postgres?.stop();
  process.exit(1);
}

// Not Nest's enableShutdownHooks(): it sends the signal again after its hooks, and PostgreSQL would not be waited for.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal, 0));

if (cluster.isWorker) process.on('disconnect', () => void stop('The first process is gone', 1));

let settings: Partial<Settings> = {};
try {
  const loaded = loadSettings(process.env);
  settings = loaded;
  if (cluster.isWorker) await serve(loaded);
  else await start(loaded);
} catch (error) {
  await fail(error, settings);
}
