import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StartupError } from '../common/startup-error.js';

/**
 * Makes a directory and the parents it lacks. Those it makes can be passed through by every user of the machine,
 * whatever the umask: PostgreSQL may run as another user than Parley, and closes its own directory itself.
 */
export function makeDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = path.dirname(made)) chmodSync(made, 0o755);
}

/** Characters; what is made has 43 and more. */
const MIN_SECRET_LENGTH = 32;

/** The secret kept in a file that only its owner can read. Where there is no such file one of 256 random bits is made. */
export function keptSecret(file: string, prefix = ''): string {
  const kept = read(file);
  if (kept !== undefined && kept.length < MIN_SECRET_LENGTH) {
    throw new StartupError(`${file} is damaged. Put it back from a backup, or remove it to have a new one made.`);
  }
  if (kept !== undefined) return kept;
  const secret = prefix + randomBytes(32).toString('base64url');
  const draft = `${file}.new`; // renamed when it is whole, so that no half of a secret is ever kept
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
