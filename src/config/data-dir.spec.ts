import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { keptSecret, makeDirectory } from './data-dir.js';
import { fillFromDataDir } from './kept-secrets.js';
import { loadSettings } from './load-settings.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'parley-data-dir-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const modeOf = (file: string): number => statSync(file).mode & 0o777;

it('a secret is made once, and only its owner can read it', () => {
  const file = path.join(directory, 'secret');
  const made = keptSecret(file, 'parley_');
  expect(made).toMatch(/^parley_[\w-]{43}$/);
  expect(keptSecret(file)).toBe(made);
  expect(modeOf(file)).toBe(0o600);
});

it('a damaged secret is refused', () => {
  const file = path.join(directory, 'secret');
  writeFileSync(file, '\n');
  expect(() => keptSecret(file)).toThrow('is damaged');
});

it('every user can enter a directory that Parley makes, whatever the umask; an existing directory is not changed', () => {
  const before = process.umask(0o077);
  try {
    makeDirectory(path.join(directory, 'a', 'b'));
  } finally {
    process.umask(before);
  }
  expect(modeOf(path.join(directory, 'a'))).toBe(0o755);
  expect(modeOf(path.join(directory, 'a', 'b'))).toBe(0o755);
  expect(modeOf(directory)).toBe(0o700);
});

it('a secret that is not set is kept in DATA_DIR, one that is set is not', () => {
  const dataDir = path.join(directory, 'data');
  const first = loadSettings({ DATA_DIR: dataDir });
  const second = loadSettings({ DATA_DIR: dataDir, BOOTSTRAP_API_KEY: 'the-operators-own-key' });
  fillFromDataDir(first);
  fillFromDataDir(second);
  expect(second.jwtSecret).toBe(first.jwtSecret);
  expect(second.bootstrapApiKey).toBe('the-operators-own-key');
  expect(readFileSync(path.join(dataDir, 'application-key'), 'utf8').trim()).toBe(first.bootstrapApiKey);
});
