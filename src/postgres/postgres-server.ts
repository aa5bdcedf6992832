import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../common/startup-error.js';
import type { SystemUser } from './system-user.js';

export interface ServerPlan {
  /** Path of the program `postgres`. */
  readonly program: string;
  readonly user: SystemUser;
  readonly cluster: string;
  readonly durable: boolean;
  readonly maxConnections: number;
  readonly onProgress: (step: string) => void;
}

/** A running server, on 127.0.0.1 only. */
export interface PostgresServer {
  readonly port: number;
  /** Resolves when the server has ended, for whatever reason, with its last log messages. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Runs its arguments, and sends SIGINT (a fast shutdown) when standard input ends. Parley's process holds that pipe open, so
 * the server stops when the process ends, also after a kill -9, and the process has to do nothing at its exit.
 */
const PARENT_DEATH_PIPE = `
exec 3<&0
"$@" 3<&- & server=$!
{ read -r _; kill -INT $server; } <&3 & watcher=$!
wait $server; status=$?
kill $watcher 2>/dev/null
exit $status`;

/** Ports below those of outgoing connections (from 32768 on), one of which could take the port between two starts. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const PORT_ATTEMPTS = 50;

/** How long processes of a killed server may still hold the cluster's shared memory, in milliseconds. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

const READY = 'ready to accept connections';
const RECOVERING = 'automatic recovery in progress';
const PORT_TAKEN = 'could not create any TCP/IP sockets';
const STILL_HELD = /lock file "postmaster\.pid" already exists|is still in use/;

/** Starts the server on the cluster's own port, which is the same at every start, or the next one that is free. */
export async function runServer(plan: ServerPlan): Promise<PostgresServer> {
  const first = firstPort(plan.cluster);
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (let attempt = 0; attempt < PORT_ATTEMPTS;) {
    const port = FIRST_PORT + ((first + attempt) % PORTS);
    const outcome = await tryPort(plan, port);
    if (typeof outcome !== 'string') return outcome;
    if (outcome.includes(PORT_TAKEN)) attempt++;
    else if (STILL_HELD.test(outcome) && Date.now() < giveUpAt) await sleep(PAUSE_MS);
    else throw new StartupError(`PostgreSQL did not start on ${plan.cluster}: ${outcome}`);
  }
  throw new StartupError(`PostgreSQL found no free port from ${FIRST_PORT + first} on`);
}

const firstPort = (cluster: string): number => createHash('sha256').update(cluster).digest().readUInt32BE() % PORTS;

/** The running server, or its last log messages if it did not start. */
async function tryPort(plan: ServerPlan, port: number): Promise<PostgresServer | string> {
  const child = spawn('sh', ['-c', PARENT_DEATH_PIPE, 'parley-postgres', plan.program, ...optionsOf(plan, port)], {
    ...plan.user,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, // this process reads its messages
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true, // Ctrl-C in a terminal reaches Parley only, which stops the server as its last step
  });
  const log = readLog(child, plan.onProgress);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(log.last()));
  });
  const failure = await Promise.race([log.ready, ended]);
  if (failure !== undefined) return failure;
  unref(child);
  return { port, ended, stop: () => stop(child, ended) };
}

function optionsOf({ cluster, durable, maxConnections }: ServerPlan, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // the default is /tmp
    max_connections: maxConnections,
    log_line_prefix: '',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

const KEPT_CHARACTERS = 2000;

/** Reads the server's log for as long as it runs. */
function readLog(
  child: ChildProcess,
  onProgress: (step: string) => void,
): { ready: Promise<undefined>; last(): string } {
  let tail = '';
  const ready = new Promise<undefined>((resolve) => {
    child.stderr?.on('data', (data: Buffer) => {
      const text = String(data);
      if (text.includes(RECOVERING)) onProgress('PostgreSQL was not stopped properly, it is recovering');
      tail = (tail + text).slice(-KEPT_CHARACTERS);
      if (tail.includes(READY)) resolve(undefined);
    });
  });
  return { ready, last: () => reasonIn(tail) };
}

/** The reason in the server's last log lines: those of errors, else the last one. */
function reasonIn(tail: string): string {
  const lines = tail.trim().split('\n');
  const reasons = lines.filter((line) => /^(FATAL|PANIC|ERROR|HINT|DETAIL|LOG: {2}could not)/.test(line));
  return (reasons.length > 0 ? reasons : lines.slice(-1)).join(' ').replaceAll(/\s+/g, ' ');
}

/** From now on the server does not keep this process running. */
function unref(child: ChildProcess): void {
  child.unref();
  (child.stdin as Socket).unref();
  (child.stderr as Socket).unref();
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.ref();
  child.stdin?.end();
  await ended;
}
