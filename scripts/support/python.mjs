// Python tools from PyPI, each time in a virtual environment of its own in a temporary directory.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Whether this machine has a Python that can make virtual environments (on Debian a package of its own). */
export const hasPython = () => spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;

/** Installs the packages. @returns a directory to work in, a way to run what is installed, and one to remove it all */
export async function makePython(...packages) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-python-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const run = (program, args, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd: directory, stdio: 'inherit', ...options });
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
  const bin = (program) => path.join(directory, 'venv/bin', program);
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--no-input', ...packages];
  const failed = (await run('python3', ['-m', 'venv', 'venv'])) || (await run(bin('pip'), pip));
  if (failed) {
    remove();
    throw new Error(`could not install ${packages.join(', ')}`);
  }
  /** @returns its exit status */
  return { directory, remove, run: (program, args, options) => run(bin(program), args, options) };
}
