import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import { createRequire } from 'node:module';
import type { Lab } from './lab/lab.js';
import { pgbenchVersion } from './baselines/pgbench.js';
import { percentile } from './statistics.js';

/** What figures depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** Median time to write 8 kB through to the disk, where the database is. */
  readonly fdatasyncMs: number;
  /** Processes that wanted to run in the minute before. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

const PACKAGES = ['@nestjs/core', 'express', 'pg', 'ws', 'typeorm'];

export async function describeMachine(lab: Lab): Promise<Machine> {
  return {
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    fdatasyncMs: measureSync(lab.file('sync')),
    loadBefore: os.loadavg()[0]!,
    versions: {
      parley: commit(),
      node: process.version.slice(1),
      postgresql: await lab.show('server_version'),
      pgbench: pgbenchVersion() ?? 'missing',
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    },
  };
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'migrations', 'package-lock.json') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown'; // no git, or no checkout
  }
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const place = require.resolve.paths(name)?.map((directory) => `${directory}/${name}/package.json`) ?? [];
  for (const file of place) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    } catch {
      continue; // not in this node_modules
    }
  }
  return 'unknown';
}

const SYNCS = 100;

function measureSync(file: string): number {
  const block = Buffer.alloc(8192, 1);
  const descriptor = openSync(file, 'w');
  const times = Array.from({ length: SYNCS }, () => {
    const startedAt = performance.now();
    writeSync(descriptor, block, 0, block.length, 0);
    fdatasyncSync(descriptor);
    return performance.now() - startedAt;
  });
  closeSync(descriptor);
  return percentile(times, 0.5);
}
