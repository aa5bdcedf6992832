// Checks the arrows between modules, and that every rule can fail: test/fixtures/arrows breaks each of them.
import { spawnSync } from 'node:child_process';
import config from '../.dependency-cruiser.cjs';

const FIXTURE = 'test/fixtures/arrows';

function cruise(root, ...options) {
  return spawnSync('npx', ['depcruise', '--config', '.dependency-cruiser.cjs', ...options, root], {
    env: { ...process.env, ARROWS_ROOT: root },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

const ours = cruise('src');
process.stdout.write(ours.stdout);
if (ours.status !== 0) process.exitCode = 1;

const broken = JSON.parse(cruise(FIXTURE, '--output-type', 'json').stdout).summary.violations.map(
  ({ rule }) => rule.name,
);
for (const { name } of config.forbidden) {
  if (broken.includes(name)) continue;
  console.error(`the rule ${name} does not fail in ${FIXTURE}`);
  process.exitCode = 1;
}
