import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Parley says where its API is; a baseline says no more than its port. */
const LISTENING = /API +http:\/\/[^:]+:(\d+)\/v1|listening on (\d+)/;
const INSPECTOR = /ws:\/\/127\.0\.0\.1:\d+\/\S+/;
const KEPT_CHARACTERS = 4000;
/** A server waits this long for its requests and more; what takes longer hangs. */
const STOP_MS = 12_000;

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A program under test: a process of its own that listens on a port of 127.0.0.1. */
export class Program {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Where its debugger listens, of a program started with --inspect. */
    readonly inspector: string | undefined,
  ) {}

  /** Starts `node <args>`. @throws with what it said, where it ends before it listens */
  static async start(args: string[], environment: Readonly<Record<string, string>>, cwd: string): Promise<Program> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, args, {
      cwd,
      env: { PATH, HOME, PORT: '0', NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let said = '';
    const listening = new Promise<number>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data: Buffer) => {
          said = (said + String(data)).slice(-KEPT_CHARACTERS);
          const [, api, port] = LISTENING.exec(said) ?? [];
          if (api ?? port) resolve(Number(api ?? port));
        });
      }
      child.once('close', () => {
        running.delete(child);
        reject(new Error(`${args.at(-1)} ended:\n${said}`));
      });
    });
    const port = await listening;
    return new Program(child, port, INSPECTOR.exec(said)?.[0]);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Its memory as the system counts it, in bytes. */
  get residentBytes(): number {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))!;
    return Number(kilobytes) * 1024;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'close');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}
