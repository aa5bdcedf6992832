import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { StartupError } from '../common/startup-error.js';

/** Another process holds the directory. */
export class DirectoryInUse extends StartupError {
  constructor(
    directory: string,
    /** Process id of the holder; empty if it did not send it. */
    readonly holder: string,
  ) {
    super(
      `another Parley${holder && ` (process ${holder})`} is running on ${directory}. ` +
        'Stop it first, or give this one a DATA_DIR and a PORT of its own.',
    );
  }
}

/**
 * Locks a directory for this process. The lock is a listening socket, because the kernel closes it however the process
 * ends, kill -9 included; Node has no flock. It keeps no process alive.
 *
 * @returns a function that unlocks the directory
 * @throws DirectoryInUse
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  const address = lockAddress(realpathSync(directory));
  const server = (await listen(address)) ?? (await takeOver(address));
  if (server === undefined) throw new DirectoryInUse(directory, (await holderOf(address)) ?? '');
  return () => void server.close();
}

/** Linux has socket names outside the file system, which vanish with their process; elsewhere it is a file. */
function lockAddress(directory: string): string {
  const name = `parley-${createHash('sha256').update(directory).digest('hex').slice(0, 24)}`;
  return process.platform === 'linux' ? `\0${name}` : path.join(os.tmpdir(), `${name}.sock`);
}

/** Undefined if the address is taken. The server sends this process's id to every client. */
function listen(address: string): Promise<net.Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.on('error', () => undefined).end(String(process.pid)));
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

/** A socket file outlives its process: if no process answers on it, it is removed. */
async function takeOver(address: string): Promise<net.Server | undefined> {
  if (address.startsWith('\0') || (await holderOf(address)) !== undefined) return undefined;
  rmSync(address, { force: true });
  return listen(address);
}

/** The process id that the holder sends, empty if it sends none within a second; undefined if no process listens. */
function holderOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = '';
    const socket = net.connect(address);
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (data) => (received += String(data)));
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(received));
  });
}
