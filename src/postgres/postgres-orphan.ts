import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../common/startup-error.js';

const POLL_MS = 20;
/** Longest time for each kind of shutdown, in milliseconds. */
const PATIENCE_MS = 15_000;

/**
 * Stops the server that a killed Parley may have left on this cluster. The caller has locked the directory, so no other
 * Parley uses it. Removes a postmaster.pid whose process has ended, or has another program by now: PostgreSQL would take any
 * process with that id for a server. (PostgreSQL itself also checks that no other server uses the cluster's shared memory.)
 *
 * @returns whether there was such a server
 */
export async function stopOrphan(cluster: string): Promise<boolean> {
  const pidFile = path.join(cluster, 'postmaster.pid');
  const pid = pidIn(pidFile);
  if (pid === undefined) return false;
  if (!isServerOf(pid, cluster)) {
    rmSync(pidFile, { force: true });
    return false;
  }
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    // a fast shutdown, then an immediate one
    send(pid, signal);
    if (await isGone(pid, cluster)) return true;
  }
  throw new StartupError(`a PostgreSQL (process ${pid}) still runs on ${cluster} and does not stop; end it by hand`);
}

function pidIn(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGone(pid: number, cluster: string): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    if (!isServerOf(pid, cluster)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** The server has the cluster among its command line arguments. A zombie has none. */
const isServerOf = (pid: number, cluster: string): boolean => commandOf(pid).includes(cluster);

function commandOf(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return ''; // no such process
  }
}
