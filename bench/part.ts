import type { Cpu } from './lab/cpu.js';
import type { Lab } from './lab/lab.js';
import type { Plot } from './report/plot.js';

/** What one run of one subject came to. */
export interface Run {
  /** What was done and answered rightly: messages sent, polls, deliveries. */
  readonly count: number;
  /** Wall clock. */
  readonly seconds: number;
  /** Wall clock of `cpu`, where it was watched for longer. */
  readonly cpuSeconds?: number;
  readonly cpu: Cpu;
  /** How long each took, in ms. */
  readonly latencies?: readonly number[];
  /** Further figures by their name; a name ends with its unit in brackets. */
  readonly figures?: Readonly<Record<string, number>>;
  /** What was lost, doubled, misnumbered or refused. With a single fault the run is void. */
  readonly faults: readonly string[];
}

/** Something that is measured: Parley, or a baseline. */
export interface Subject {
  readonly name: string;
  /** What it does and does not do for what is counted. */
  readonly does: string;
  /** Does the same again and again for about so many seconds. */
  run(seconds: number): Promise<Run>;
}

/** One subject against another, run by run in the same round. */
export interface Comparison {
  readonly name: string;
  readonly of: string;
  readonly to: string;
  readonly figure: (run: Run) => number;
  readonly better: 'higher' | 'lower';
  readonly goal?: number;
  readonly beyond?: number;
}

/** A prepared part: all of its servers run and its data is loaded. */
export interface Bench {
  /** What one run counts: `messages`. */
  readonly unit: string;
  readonly subjects: readonly Subject[];
  readonly comparisons: readonly Comparison[];
  /** What a reader has to know. */
  readonly notes: readonly string[];
  /** False where a run ends by itself: it is not run once more before, to warm up. Default true. */
  readonly warmsUp?: boolean;
  /** Pictures of what grows. */
  plots?(results: ReadonlyMap<string, readonly Run[]>): Plot[];
}

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  /** Small data and few sockets, to see that it works: the figures mean nothing. */
  readonly quick: boolean;
}

export interface Part {
  readonly name: string;
  readonly title: string;
  /** Loads the data and starts the servers. `tell` says what takes long. */
  prepare(lab: Lab, options: Options, tell: (step: string) => void): Promise<Bench>;
}

export const perSecond = ({ count, seconds }: Run): number => count / seconds;
export const perServerCpuSecond = ({ count, cpu }: Run): number => count / cpu.server;
