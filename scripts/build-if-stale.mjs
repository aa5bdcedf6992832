// Builds with `npm run build` where dist is missing or older than what it is made from.
import { spawn } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const BUILT = path.join(ROOT, 'dist/src/main.js');
const SOURCES = [
  'src',
  'migrations',
  'ormconfig.ts',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** When a file was last changed, or any file below a directory, or the directory by a removal; 0 where there is none. In ms. */
function changedAt(place) {
  const stats = statSync(place, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return place.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(place).map((name) => changedAt(path.join(place, name))));
}

function build() {
  const startedAt = performance.now();
  process.stdout.write('Building Parley (at the first start, and when its sources have changed) … ');
  const child = spawn('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    if (code === 0) {
      console.log(`done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
      return;
    }
    rmSync(BUILT, { force: true }); // so that the next start builds again instead of running half of a build
    console.error(`The build has failed (${code ?? signal}).`);
    process.exitCode = code ?? 1;
  });
}

if (Math.max(...SOURCES.map((source) => changedAt(path.join(ROOT, source)))) > changedAt(BUILT)) build();
