// `npm run generate`: writes everything that is made from the code. Needs a build.
import { spawnSync } from 'node:child_process';

/** Each generator with the files it writes; the check compares those with what was there before. */
export const GENERATORS = [
  { command: ['node', 'dist/src/openapi/generate.js'], files: ['openapi.json', 'asyncapi.json'] },
  {
    command: ['node', 'scripts/generate-sdk.mjs'],
    files: ['sdk/src/schema.ts', 'sdk/src/operations.ts', 'sdk/src/problem-codes.ts', 'sdk/src/live-schema.ts'],
  },
  { command: ['node', 'scripts/generate-postman.mjs'], files: ['clients/postman/parley.postman_collection.json'] },
  { command: ['node', 'scripts/settings-doc.mjs'], files: ['docs/SETTINGS.md'] },
];

/** Whether all of them ended well. */
export function generateAll() {
  return GENERATORS.every(({ command: [program, ...words] }) => {
    return spawnSync(program, words, { stdio: 'inherit' }).status === 0;
  });
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) process.exitCode = generateAll() ? 0 : 1;
