// What Parley does in a second, against what could be done: npm run bench -- [parts] [options]
import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { Lab } from './lab/lab.js';
import { describeMachine } from './machine.js';
import type { Options, Part } from './part.js';
import { parts } from './parts/index.js';
import { overview, toMarkdown, type Header } from './report/markdown.js';
import { toSvg } from './report/plot.js';
import { summarise, type Summary } from './report/summary.js';
import { runRounds, stepsOf } from './rounds.js';

const RESULTS = path.resolve(import.meta.dirname, 'results');
const HELP = `npm run bench -- [parts] [options]

${parts.map(({ name, title }) => `  ${name.padEnd(14)} ${title}`).join('\n')}

  --rounds <n>   how often everything is run, at least 5 for figures that are worth something (5)
  --seconds <n>  how long each run takes (3)
  --quick        small data, 2 rounds of 1 s: to see that it works
`;

class UsageError extends Error {}

function readArguments(args: string[]): { chosen: readonly Part[]; options: Options } | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const number = (name: 'rounds' | 'seconds', fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (value > 0 && (name === 'seconds' || Number.isInteger(value))) return value;
    throw new UsageError(`--${name} must be a number above 0`);
  };
  const { quick = false } = values;
  const chosen = positionals.map((name) => {
    const part = parts.find((one) => one.name === name);
    if (!part) throw new UsageError(`there is no part ${name}`);
    return part;
  });
  const options = { rounds: number('rounds', quick ? 2 : 5), seconds: number('seconds', quick ? 1 : 3), quick };
  return { chosen: chosen.length > 0 ? chosen : parts, options };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { rounds: text, seconds: text, quick: flag, help: flag },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** A bar in a terminal, a line per step elsewhere. */
class Progress {
  private readonly bar = new SingleBar({
    format: '{part} {bar} {value}/{total}, {eta_formatted} to go, {step}',
    etaBuffer: 20,
    hideCursor: true,
  });

  begin(part: string, total: number): void {
    this.bar.start(total, 0, { part: part.padEnd(8), step: 'loading' });
  }

  step(label: string): void {
    if (process.stdout.isTTY) this.bar.increment({ step: label });
    else say(`  ${label}`);
  }

  end(): void {
    this.bar.stop();
  }
}

async function runPart(lab: Lab, part: Part, header: Header, directory: string): Promise<Summary> {
  say(`\n${part.name}: ${part.title}`);
  const progress = new Progress();
  try {
    const bench = await part.prepare(lab, header, (step) => say(`  ${step}`));
    progress.begin(part.name, stepsOf(bench, header));
    const results = await runRounds(bench, header, (label) => progress.step(label));
    const plots = bench.plots?.(results) ?? [];
    const summary = summarise(
      part,
      bench,
      results,
      plots.map(({ name }) => `${name}.svg`),
    );
    for (const plot of plots) writeFileSync(path.join(directory, `${plot.name}.svg`), toSvg(plot));
    writeFileSync(path.join(directory, `${part.name}.md`), toMarkdown(summary, header));
    writeFileSync(path.join(directory, `${part.name}.json`), `${JSON.stringify({ ...header, ...summary }, null, 2)}\n`);
    progress.end();
    say(toMarkdown(summary, header));
    return summary;
  } finally {
    progress.end();
    await lab.clear();
  }
}

async function run(chosen: readonly Part[], options: Options): Promise<void> {
  const directory = options.quick ? path.join(RESULTS, 'quick') : RESULTS;
  mkdirSync(directory, { recursive: true });
  const lab = await Lab.open();
  const stop = (signal: string): void => {
    process.stderr.write(`\n${signal}: stopping\n`);
    void lab.close().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const header = { machine: await describeMachine(lab), at: new Date().toISOString(), ...options };
    const summaries: Summary[] = [];
    for (const part of chosen) summaries.push(await runPart(lab, part, header, directory));
    const page = overview(summaries, header);
    if (chosen.length === parts.length) writeFileSync(path.join(directory, 'README.md'), page);
    say(page);
    const isVoid = summaries.some(({ subjects }) => subjects.some(({ voided }) => voided.length > 0));
    if (isVoid) process.exitCode = 1;
  } finally {
    await lab.close();
  }
}

try {
  const read = readArguments(process.argv.slice(2));
  if (read) await run(read.chosen, read.options);
  else say(HELP);
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
