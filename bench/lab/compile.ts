import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformFile } from '@swc/core';

/** Compiles every .ts below a directory to .js, so that a baseline is a plain program: without a loader in its memory. */
export async function compile(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) await compile(source, path.join(to, entry.name));
    else if (entry.name.endsWith('.ts')) {
      const { code } = await transformFile(source); // by the .swcrc that the tests use
      writeFileSync(path.join(to, entry.name.replace(/\.ts$/, '.js')), code);
    }
  }
}
