import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { BUILD_MS, buildProgram } from './build.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const POLL_MS = 20;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Environment = Readonly<Record<string, string>>;

const running: Program[] = [];
const directories: string[] = [];

/** The program as people start it: a process of its own, from the output of `npm run build`. */
export class Program {
  /** Its output so far. */
  output = '';
  private readonly changed = new Set<() => void>();
  readonly exit: Promise<Exit>;

  private constructor(private readonly child: ChildProcess) {
    running.push(this);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => this.add(String(data)));
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal });
        this.add('\n');
      });
    });
  }

  static start(environment: Environment): Program {
    return Program.run(process.execPath, ['--enable-source-maps', 'dist/src/main.js'], environment);
  }

  static run(command: string, args: string[], environment: Environment): Program {
    const { PATH = '', HOME = '' } = process.env;
    return new Program(
      spawn(command, args, {
        cwd: ROOT,
        detached: true,
        env: { PATH, HOME, PORT: '0', LOG_LEVEL: 'warn', ...environment },
      }),
    );
  }

  /** Resolves with the match when its output matches; rejects if it ends without. */
  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended without the output ${pattern}:\n${this.output}`);
      }
      await new Promise<void>((resolve) => this.changed.add(resolve));
    }
  }

  /** Its address, when it listens. */
  async url(): Promise<string> {
    return (await this.waitForOutput(/API +(http:.*)\/v1\n/))[1] ?? '';
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Signals the program and all its child processes, like a terminal. Does nothing if all of them have ended. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  private add(text: string): void {
    this.output += text;
    for (const resolve of this.changed) resolve();
    this.changed.clear();
  }
}

/** A new DATA_DIR, which any user of the machine can enter. */
export function newDataDir(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-start-'));
  chmodSync(directory, 0o755);
  directories.push(directory);
  return path.join(directory, 'data');
}

/** Process id of the PostgreSQL on this DATA_DIR, by its postmaster.pid. */
export const postgresOf = (dataDir: string): number =>
  Number.parseInt(readFileSync(path.join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8'), 10);

/** Resolves when the process has ended. */
export async function isGone(pid: number): Promise<true> {
  while (isAlive(pid)) await sleep(POLL_MS);
  return true;
}

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

beforeAll(buildProgram, BUILD_MS);

afterEach(async () => {
  for (const program of running.splice(0)) {
    program.signalGroup('SIGKILL');
    await program.exit;
  }
});

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});
