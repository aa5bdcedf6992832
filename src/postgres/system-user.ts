import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { StartupError } from '../common/startup-error.js';

/** The user to run a program as; if empty, that of this process. */
export interface SystemUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** Every machine has one of them; PostgreSQL requires a user with a name. */
const CANDIDATES = ['postgres', 'nobody'];

const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * The user to run PostgreSQL as, which refuses to run as root: if this process is root's, the owner of the existing cluster,
 * else `postgres` or `nobody`; otherwise the user of this process.
 */
export function postgresUser(cluster: string): SystemUser {
  if (!isRoot()) return {};
  return ownerOf(cluster) ?? namedUser();
}

function ownerOf(directory: string): SystemUser | undefined {
  const stats = statSync(directory, { throwIfNoEntry: false });
  return stats && stats.uid !== 0 ? { uid: stats.uid, gid: stats.gid } : undefined;
}

function namedUser(): SystemUser {
  for (const name of CANDIDATES) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      continue; // no such user
    }
  }
  throw new StartupError(`PostgreSQL does not run as root, and this machine has no user ${CANDIDATES.join(' or ')}`);
}

const idOf = (kind: '-u' | '-g', name: string): number =>
  Number(execFileSync('id', [kind, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));

/** Whether the user can enter the directory, and so all of its parents. */
export const canEnter = (user: SystemUser, directory: string): boolean =>
  user.uid === undefined || spawnSync('sh', ['-c', 'cd "$0"', directory], { ...user, cwd: '/' }).status === 0;
