import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../common/startup-error.js';

const POLL_MS = 20;
/** How long a server may take for each kind of shutdown. */
const PATIENCE_MS = 15_000;

/**
 * Stops the server that a killed Parley may have left on this cluster. The caller holds the directory, so no other
 * Parley uses it. A postmaster.pid whose process is gone, or is another by now, is removed: PostgreSQL would take any
 * process of that number for its own. (That no other server uses the memory of the cluster it checks besides.)
 *
 * @returns whether there was one
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

/** The cluster is among the words that the server was started with. A zombie has none. */
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
