import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** A Parley to talk through. */
export interface Service {
  readonly url: string;
  /** Of an application with every scope, where one is at hand. */
  readonly key: string | undefined;
  stop(): Promise<void>;
}

/** The one at PARLEY_URL, else the one that `npm start` has started, else one of its own that leaves nothing behind. */
export async function findService(say: (text: string) => void): Promise<Service> {
  const { PARLEY_URL, PORT = '3000', DATA_DIR = './data', BOOTSTRAP_API_KEY } = process.env;
  const url = (PARLEY_URL ?? `http://127.0.0.1:${PORT}`).replace(/\/$/, '');
  if (await answers(url)) {
    const kept = path.join(DATA_DIR, 'application-key');
    const key = BOOTSTRAP_API_KEY ?? (existsSync(kept) ? readFileSync(kept, 'utf8').trim() : undefined);
    return { url, key, stop: () => Promise.resolve() };
  }
  if (PARLEY_URL !== undefined) throw new Error(`No Parley answers at ${PARLEY_URL}.`);
  say(`nothing runs at ${url}, so this starts a Parley of its own for as long as it takes`);
  return startService();
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}

async function startService(): Promise<Service> {
  const built = spawnSync(process.execPath, ['scripts/build-if-stale.mjs'], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('It cannot be built.');
  const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-demo-'));
  chmodSync(directory, 0o755); // PostgreSQL may run as another user than root
  const { PATH = '', HOME = '' } = process.env;
  const dataDir = path.join(directory, 'data');
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    detached: true, // Ctrl-C is for this program, which stops it in order
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH, HOME, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error' },
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    return { url: await urlOf(child), key: readFileSync(path.join(dataDir, 'application-key'), 'utf8').trim(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where it listens, once it says so. */
async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, url] = /API +(http\S+)\/v1/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout!.resume();
    return url;
  }
  throw new Error('It did not start.');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
