// Takes out each guard of src, one at a time, and runs the tests that should notice: `npm run mutants`, or
// `npm run mutants -- feeds` for the guards whose file, line or spec contains a word. A guard is tagged on the line before it:
//
//   // guard: src/feeds/conversation-feed.spec.ts                          the statement below is left out
//   // guard `!this.isWorking` => `true`: src/feeds/conversation-feed.spec.ts   in the statement below, one text is replaced
//
// Several specs may be named; one has to fail. Works in a copy of the tree. Ends with 1 if a guard is not noticed.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const TAG = /^\s*\/\/ guard(?: `(.+?)` => `(.*?)`)?: (.+)$/;

/** Every guard in a source text: its line, the text with the guard taken out, and the specs that have to notice. */
export function mutantsIn(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return text.split('\n').flatMap((line, index) => {
    const [tag, from, to, specs] = TAG.exec(line) ?? [];
    if (tag === undefined) return [];
    const { start, end } = guardedBelow(source, index);
    const guarded = text.slice(start, end);
    if (from !== undefined && guarded.split(from).length !== 2) {
      throw new Error(`${file}:${index + 1}: \`${from}\` has to stand once in the statement below`);
    }
    const mutated = from === undefined ? '' : guarded.replace(from, () => to);
    return [
      { file, line: index + 1, specs: specs.split(/\s+/), text: text.slice(0, start) + mutated + text.slice(end) },
    ];
  });
}

/** The outermost statement or class member that begins behind a line. */
function guardedBelow(source, line) {
  const from = source.getPositionOfLineAndCharacter(line + 1, 0);
  let found;
  const visit = (node) => {
    const start = node.getStart(source);
    if (!found && start >= from && (ts.isStatement(node) || ts.isClassElement(node))) {
      const gap = source.text.slice(from, start);
      if (!/\S/.test(gap.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, ''))) found = { start, end: node.end };
    }
    if (!found) ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  if (!found) throw new Error(`${source.fileName}:${line + 1}: there is no statement below the guard`);
  return found;
}

function copyOf(root) {
  const copy = realpathSync(mkdtempSync(path.join(tmpdir(), 'parley-mutants-')));
  const files = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.stdout.trim().split('\n')) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(root, file), path.join(copy, file), { force: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

/** The configuration of Jest. Specs that do without PostgreSQL do not wait for one to start. */
function configOf(copy, specs) {
  const config = JSON.parse(readFileSync(path.join(copy, 'jest.config.json'), 'utf8'));
  const usesPostgres = specs.some((spec) =>
    /support\/(server|program|database|world|caught-up)\.js/.test(readFileSync(path.join(copy, spec), 'utf8')),
  );
  if (usesPostgres) return { ...config, rootDir: copy };
  const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = config;
  return { ...rest, rootDir: copy };
}

function testsFail(copy, specs) {
  const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const run = spawnSync(
    process.execPath,
    [
      ...args,
      '--maxWorkers=2',
      '--bail',
      '--config',
      JSON.stringify(configOf(copy, specs)),
      '--runTestsByPath',
      ...specs,
    ],
    {
      cwd: copy,
      encoding: 'utf8',
      timeout: 120_000,
    },
  );
  const hasRun = /^Tests: +.*\d+ (failed|passed)/m.test(run.stderr);
  if (!hasRun && run.status !== 0 && !/Test suite failed to run/.test(run.stderr)) throw new Error(run.stderr);
  return run.status !== 0;
}

function main(words) {
  const root = path.resolve(import.meta.dirname, '..');
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], {
    cwd: root,
    encoding: 'utf8',
  });
  const mutants = listed.stdout
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .flatMap((file) => mutantsIn(file, readFileSync(path.join(root, file), 'utf8')))
    .filter(({ file, line, specs }) => words.every((word) => `${file}:${line} ${specs.join(' ')}`.includes(word)));
  if (mutants.length === 0) throw new Error('no guard is tagged so');
  const copy = copyOf(root);
  let missed = 0;
  try {
    for (const specs of new Set(mutants.map(({ specs }) => specs.join(' ')))) {
      if (testsFail(copy, specs.split(' '))) throw new Error(`${specs} fails with every guard in place`);
    }
    for (const { file, line, specs, text } of mutants) {
      const original = readFileSync(path.join(copy, file), 'utf8');
      const startedAt = performance.now();
      writeFileSync(path.join(copy, file), text);
      const isNoticed = testsFail(copy, specs);
      writeFileSync(path.join(copy, file), original);
      if (!isNoticed) missed++;
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${isNoticed ? 'noticed    ' : 'NOT NOTICED'} ${file}:${line} by ${specs.join(', ')} (${seconds} s)`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`${mutants.length - missed} of ${mutants.length} guards are noticed when they are taken out`);
  process.exitCode = missed === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
