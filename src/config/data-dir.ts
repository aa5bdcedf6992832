import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StartupError } from '../common/startup-error.js';

/**
 * Makes a directory and the parents it lacks. Every user of the machine can enter those it makes, whatever
 * the umask: PostgreSQL may run as another user than Parley, and restricts access to its own directory itself.
 */
export function makeDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = path.dirname(made)) chmodSync(made, 0o755);
}

/** In characters; a made secret has 43 or more. */
const MIN_SECRET_LENGTH = 32;

/** The secret in a file that only its owner can read. If there is no such file, makes a secret of 256 random bits. */
export function keptSecret(file: string, prefix = ''): string {
  const kept = read(file);
  if (kept !== undefined && kept.length < MIN_SECRET_LENGTH) {
    throw new StartupError(`${file} is damaged. Put it back from a backup, or remove it to have a new one made.`);
  }
  if (kept !== undefined) return kept;
  const secret = prefix + randomBytes(32).toString('base64url');
  const draft = `${file}.new`; // renamed when complete, so that the file never contains half a secret
  writeFileSync(draft, `${secret}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return secret;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
