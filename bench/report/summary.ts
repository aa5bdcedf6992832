import type { Bench, Comparison, Part, Run } from '../part.js';
import type { Results } from '../rounds.js';
import { percentile, spread, type Spread } from '../statistics.js';

/** What a part came to, as it is kept. */
export interface Summary {
  readonly part: string;
  readonly title: string;
  readonly unit: string;
  readonly notes: readonly string[];
  readonly subjects: readonly SubjectSummary[];
  readonly comparisons: readonly ComparisonSummary[];
  /** Names of files. */
  readonly plots: readonly string[];
}

export interface SubjectSummary {
  readonly name: string;
  readonly does: string;
  readonly perSecond: Spread;
  /** Per thing counted, in microseconds; means over all runs. */
  readonly serverUs: number;
  readonly databaseUs: number;
  readonly generatorUs: number;
  /** Shares of one core, while it ran. */
  readonly busy: {
    readonly server: number;
    readonly database: number;
    readonly generator: number;
    readonly others: number;
  };
  readonly p50Ms?: Spread;
  readonly p99Ms?: Spread;
  readonly figures: Readonly<Record<string, Spread>>;
  /** Rounds that do not count, and why. */
  readonly voided: readonly { readonly round: number; readonly faults: readonly string[] }[];
}

export interface ComparisonSummary {
  readonly name: string;
  readonly ratio: Spread;
  readonly better: 'higher' | 'lower';
  readonly goal?: number;
  readonly beyond?: number;
}

const isGood = ({ faults }: Run): boolean => faults.length === 0;

export function summarise({ name, title }: Part, bench: Bench, results: Results, plots: readonly string[]): Summary {
  const { unit, notes, subjects, comparisons } = bench;
  return {
    part: name,
    title,
    unit,
    notes,
    subjects: subjects.map((subject) => summariseSubject(subject, results.get(subject.name)!)),
    comparisons: comparisons.map((comparison) => compare(comparison, results)),
    plots,
  };
}

function summariseSubject({ name, does }: { name: string; does: string }, all: readonly Run[]): SubjectSummary {
  const runs = all.filter(isGood);
  const count = sum(runs.map((run) => run.count));
  const seconds = sum(runs.map((run) => run.cpuSeconds ?? run.seconds));
  const cpu = (whose: keyof Run['cpu']): number => sum(runs.map((run) => run.cpu[whose]));
  const micros = (whose: keyof Run['cpu']): number => (cpu(whose) / count) * 1e6;
  const ofLatencies = (share: number): Spread | undefined =>
    runs.every(({ latencies }) => latencies) && runs.length > 0
      ? spread(runs.map(({ latencies }) => percentile(latencies!, share)))
      : undefined;
  const figures = Object.keys(runs[0]?.figures ?? {});
  return {
    name,
    does,
    perSecond: spread(runs.map((run) => run.count / run.seconds)),
    serverUs: micros('server'),
    databaseUs: micros('database'),
    generatorUs: micros('generator'),
    busy: {
      server: cpu('server') / seconds,
      database: cpu('database') / seconds,
      generator: cpu('generator') / seconds,
      others: cpu('others') / seconds,
    },
    p50Ms: ofLatencies(0.5),
    p99Ms: ofLatencies(0.99),
    figures: Object.fromEntries(figures.map((key) => [key, spread(runs.map((run) => run.figures![key]!))])),
    voided: all.flatMap(({ faults }, i) => (faults.length > 0 ? [{ round: i + 1, faults }] : [])),
  };
}

/** Ratios are taken round by round, since what disturbs a machine disturbs both of a round. */
function compare({ name, of, to, figure, better, goal, beyond }: Comparison, results: Results): ComparisonSummary {
  const others = results.get(to)!;
  const ratios = results
    .get(of)!
    .flatMap((run, i) => (isGood(run) && isGood(others[i]!) ? [figure(run) / figure(others[i]!)] : []));
  return { name, ratio: spread(ratios), better, goal, beyond };
}

const sum = (figures: readonly number[]): number => figures.reduce((a, b) => a + b, 0);
