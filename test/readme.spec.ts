import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  mkdirSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BUILD_MS, buildSdk } from './support/build.js';
import { newDataDir, Program } from './support/program.js';

const ROOT = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');

/** The code blocks of a language, in their order. */
const blocksOf = (language: string): string[] =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code!);

const [startCommand = '', curlLines = '', testCommand = ''] = blocksOf('sh');

it('the first screen has the two commands and five curl lines', () => {
  expect([startCommand, testCommand]).toEqual(['npm ci && npm start\n', 'npm ci && npm test\n']);
  expect(curlLines.trim().split('\n')).toHaveLength(5);
  expect(README.indexOf(testCommand)).toBeLessThan(README.indexOf('## Routes'));
});

it('npm start and the curl lines work as pasted, and so does the example in JavaScript', async () => {
  const program = Program.run('npm', ['start'], { DATA_DIR: newDataDir() });
  try {
    const { host } = new URL(await program.url());
    await curlLinesWork(curlLines.replaceAll('127.0.0.1:3000', host));
    const [example = ''] = blocksOf('js');
    const said = await runWithSdk(example.replaceAll('127.0.0.1:3000', host));
    expect(said).toMatch(/^[0-9a-f-]{36}\.1 cleo\nSee you at eight\n$/);
  } finally {
    program.signalGroup('SIGTERM'); // npm, and what it has started
    await program.exit;
  }
}, 60_000);

async function curlLinesWork(lines: string): Promise<void> {
  const { stdout } = await run('bash', ['-c', lines.replaceAll('\n', '; echo\n')]); // a line for each answer
  const answers = stdout.split('\n').filter((line) => line.startsWith('{'));
  const [ana, ben, sent, listed] = answers.map((answer) => JSON.parse(answer) as Record<string, unknown>);
  expect(ana).toMatchObject({ username: 'ana', deleted: false });
  expect(ben).toMatchObject({ username: 'ben', deleted: false });
  expect(sent).toMatchObject({ seq: 1, text: 'Hello Ben', sender: { username: 'ana' }, recipient: { id: ben!.id } });
  expect(listed).toEqual({ items: [sent] });
}

let scratch: string;

/** Somebody's project beside ours, with the SDK installed. */
beforeAll(async () => {
  scratch = mkdtempSync(path.join(os.tmpdir(), 'parley-readme-'));
  mkdirSync(path.join(scratch, 'node_modules/@parley'), { recursive: true });
  symlinkSync(path.join(ROOT, 'sdk'), path.join(scratch, 'node_modules/@parley/sdk'));
  await buildSdk();
}, BUILD_MS);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function runWithSdk(code: string): Promise<string> {
  const file = path.join(scratch, 'example.mjs');
  writeFileSync(file, code);
  return (await run(process.execPath, [file])).stdout;
}

const DOCUMENTS = ['.', 'docs', 'docs/decisions', 'clients/postman', 'sdk']
  .flatMap((directory) => readdirSync(path.join(ROOT, directory)).map((name) => path.join(directory, name)))
  .filter((name) => name.endsWith('.md'));

it.each(DOCUMENTS)('%s names scripts that exist and links to files that exist', (name) => {
  const text = readFileSync(path.join(ROOT, name), 'utf8');
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script]) => script!);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
  const missing = links.filter(
    (link) => !statSync(path.join(ROOT, path.dirname(name), link), { throwIfNoEntry: false }),
  );
  expect(missing).toEqual([]);
});

/** `GET /v1/users/{address}`, of every operation of the contract, and the one WebSocket. */
function operationsOfContract(): string[] {
  const { paths } = JSON.parse(readFileSync(path.join(ROOT, 'openapi.json'), 'utf8')) as {
    paths: Record<string, object>;
  };
  const operations = Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`),
  );
  return [...operations.filter((operation) => operation.includes(' /v1/')), 'GET /v1/live'].toSorted();
}

/** The operations that the first cell of each row names: methods stand before the path they share. */
function operationsOfTable(markdown: string): string[] {
  const [, table = ''] = /\| route [^]*?\n((?:\|.*\n)+)/.exec(markdown) ?? [];
  const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
  return cells
    .flatMap((cell) => cell.split('·'))
    .flatMap((part) => {
      const words = [...part.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.split(' '));
      const route = words.find((word) => word.startsWith('/'));
      return words.filter((word) => word !== route).map((method) => `${method} /v1${route}`);
    })
    .toSorted();
}

it('the table of README has a place for each route of the contract, and for no other', () => {
  expect(operationsOfTable(README)).toEqual(operationsOfContract());
});

it('a row that is missing in the table of README would be found', () => {
  const rows = README.split('\n').filter((row) => row.startsWith('| `'));
  for (const row of rows) expect(operationsOfTable(README.replace(`${row}\n`, ''))).not.toEqual(operationsOfContract());
});
