// `npm run check`: everything but the tests. Each step prints its name and time; all are run, whichever fails.
// `npm run check -- lint types` runs these alone.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { GENERATORS, generateAll } from './generate.mjs';

const command =
  (...words) =>
  () =>
    spawnSync('npx', ['--no-install', ...words], {
      stdio: 'inherit',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', npm_config_loglevel: 'error' },
    }).status === 0;

const STEPS = {
  format: command('prettier', '--check', '--log-level', 'warn', '.'),
  lint: command('oxlint', '--type-aware', '--deny-warnings'),
  arrows: () => spawnSync('node', ['scripts/arrows.mjs'], { stdio: 'inherit' }).status === 0,
  transactions: () => spawnSync('node', ['scripts/transactions.mjs'], { stdio: 'inherit' }).status === 0,
  types: () => command('tsc', '-p', 'tsconfig.json')() && command('tsc', '-p', 'sdk', '--noEmit')(),
  build: () => command('nest', 'build')() && command('tsc', '-p', 'sdk')(),
  drift,
  contract: command('redocly', 'lint', '--format', 'stylish', 'openapi.json', 'asyncapi.json'),
};

/** Generates everything again: what changes by it was not up to date. Works before the first commit, too. */
function drift() {
  const files = GENERATORS.flatMap((generator) => generator.files);
  const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const before = files.map(read);
  if (!generateAll()) return false;
  const changed = files.filter((file, i) => read(file) !== before[i]);
  for (const file of changed) console.error(`${file} was not up to date; npm run generate writes it`);
  return changed.length === 0;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in STEPS));
if (unknown.length > 0) throw new Error(`no such step: ${unknown.join(', ')}`);

const failed = [];
for (const [name, run] of Object.entries(STEPS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const startedAt = performance.now();
  const passed = run();
  if (!passed) failed.push(name);
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
