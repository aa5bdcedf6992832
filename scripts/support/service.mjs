// The built program on a free port, with a database of its own in a temporary directory.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const READY = /API +(http:\S+)\/v1\n/;

/** Starts it. @returns where it listens, an application key with every scope, and how to stop it */
export async function startService(settings = {}) {
  execFileSync('node', ['scripts/build-if-stale.mjs'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-service-'));
  chmodSync(directory, 0o755); // as root, PostgreSQL runs as another user
  const dataDir = path.join(directory, 'data');
  const { PATH, HOME } = process.env;
  const child = spawn('node', ['--enable-source-maps', 'dist/src/main.js'], {
    cwd: ROOT,
    env: { PATH, HOME, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error', ...settings },
  });
  let said = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  const ready = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        said += data;
        const [, url] = READY.exec(said) ?? [];
        if (url) resolve(url);
      });
    }
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const url = await Promise.race([ready, ended.then(() => undefined)]);
  if (url)
    return { url, key: readFileSync(path.join(dataDir, 'application-key'), 'utf8').trim(), said: () => said, stop };
  await stop();
  throw new Error(`the service did not start:\n${said}`);
}
