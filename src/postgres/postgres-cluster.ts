import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from '../common/startup-error.js';
import { makeDirectory } from '../config/data-dir.js';
import type { PostgresPrograms } from './postgres-programs.js';
import { canEnter, type SystemUser } from './system-user.js';

const run = promisify(execFile);

/** The superuser of the cluster. */
export const CLUSTER_USER = 'parley';

/** How to make a cluster. It goes below `shelter` if `user` cannot enter `directory`. */
export interface ClusterPlan {
  readonly programs: PostgresPrograms;
  readonly user: SystemUser;
  readonly directory: string;
  readonly shelter: string;
  readonly password: string;
  /** False: the files need not survive a power cut. */
  readonly durable: boolean;
  readonly onProgress: (step: string) => void;
}

/** Path of the cluster of `directory`, whether or not it was made: a directory, or a link to one. */
export const clusterIn = (directory: string): string => path.join(directory, 'cluster');

/** Makes the cluster if it does not exist. @returns its real path. @throws if another major version made it */
export async function ensureCluster(plan: ClusterPlan): Promise<string> {
  const cluster = clusterIn(plan.directory);
  if (!existsSync(cluster)) await makeCluster(plan, cluster);
  const made = readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim();
  const { major } = plan.programs;
  if (made === major) return realpathSync(cluster);
  throw new StartupError(
    `the database in ${cluster} was made by PostgreSQL ${made}, and this Parley brings PostgreSQL ${major}, which cannot ` +
      `read it. Move the data with pg_dump of PostgreSQL ${made}, or choose another DATA_DIR.`,
  );
}

/** Makes the cluster under another name and renames it when it is complete: a start that is killed meanwhile leaves no half cluster. */
async function makeCluster(plan: ClusterPlan, cluster: string): Promise<void> {
  const home = homeOf(plan, cluster);
  plan.onProgress(`making the database in ${home} (first start only)`);
  const draft = `${home}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  own(draft, plan.user);
  await initdb(plan, draft);
  renameSync(draft, home);
  if (home === cluster) return;
  rmSync(cluster, { force: true }); // a link to a cluster that is gone
  symlinkSync(home, cluster);
}

/** The real path of a new cluster: below `shelter` if root starts Parley in a closed directory such as /root, which PostgreSQL's user cannot enter. */
function homeOf({ user, directory, shelter }: ClusterPlan, cluster: string): string {
  if (canEnter(user, directory)) return cluster;
  makeDirectory(shelter);
  return path.join(shelter, `cluster-${randomBytes(6).toString('hex')}`);
}

function own(file: string, { uid, gid }: SystemUser): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

/** Makes the same cluster on every machine, whatever its language: UTF-8, sorted by code point. */
async function initdb({ programs, user, password, durable }: ClusterPlan, cluster: string): Promise<void> {
  const passwordFile = `${cluster}-password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  own(passwordFile, user);
  const options = [
    `--pgdata=${cluster}`,
    `--username=${CLUSTER_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  try {
    await run(programs.initdb, options, { ...user, cwd: '/', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new StartupError(`PostgreSQL could not make its files in ${cluster}: ${stderr?.trim() || message}`, {
      cause: error,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
