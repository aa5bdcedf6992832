import type { Machine } from '../machine.js';
import type { Spread } from '../statistics.js';
import type { ComparisonSummary, SubjectSummary, Summary } from './summary.js';

export interface Header {
  readonly machine: Machine;
  readonly at: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly quick: boolean;
}

/** One part as a page. */
export function toMarkdown(summary: Summary, header: Header): string {
  const { title, unit, subjects, comparisons, notes, plots } = summary;
  return [
    `# ${title}`,
    headerLines(header),
    ratioTable(comparisons),
    subjectTable(subjects, unit),
    figureTable(subjects),
    'What each does:\n',
    ...doesLines(subjects),
    notes.length > 0 ? `\n${notes.map((note) => `- ${note}`).join('\n')}` : '',
    voidLines(subjects),
    ...plots.map((plot) => `![](${plot})`),
  ]
    .filter(Boolean)
    .join('\n')
    .concat('\n');
}

/** Every ratio of several parts, against its goal. */
export function overview(summaries: readonly Summary[], header: Header): string {
  return [
    '# All ratios',
    headerLines(header),
    ...summaries.map(
      ({ part, title, comparisons }) => `## [${title}](${part}.md)\n\n${ratioTable(comparisons).trimStart()}`,
    ),
  ].join('\n');
}

function headerLines({ machine, at, rounds, seconds, quick }: Header): string {
  const { processor, cores, memoryGib, system, fdatasyncMs, loadBefore, versions } = machine;
  return `
${quick ? '**A quick run: it shows that the bench works, its figures mean nothing.**\n\n' : ''}\
${at}; ${rounds} rounds of ${seconds} s, medians (and ranges) of the rounds.
${cores} cores of ${processor}, ${memoryGib} GiB, ${system}; fdatasync of 8 kB ${fdatasyncMs.toFixed(2)} ms; load before ${loadBefore.toFixed(1)}.
${Object.entries(versions)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')}.
fsync, synchronous_commit and full_page_writes are on.
`;
}

function ratioTable(comparisons: readonly ComparisonSummary[]): string {
  if (comparisons.length === 0) return '\nNothing to compare it with.\n';
  const rows = comparisons.map((comparison) => {
    const { name, ratio, goal, beyond, better } = comparison;
    const sign = better === 'higher' ? '≥' : '≤';
    const limit = (value: number | undefined): string => (value === undefined ? '' : `${sign} ${value}`);
    return [name, spreadText(ratio), limit(goal), limit(beyond), reached(comparison)];
  });
  return table(['ratio', 'median (range)', 'goal', 'beyond', 'reached'], rows);
}

function reached({ ratio, goal, beyond, better }: ComparisonSummary): string {
  const meets = (limit: number): boolean => (better === 'higher' ? ratio.median >= limit : ratio.median <= limit);
  if (Number.isNaN(ratio.median)) return 'void';
  if (goal === undefined) return '';
  if (beyond !== undefined && meets(beyond)) return 'beyond';
  return meets(goal) ? 'yes' : 'no';
}

function subjectTable(subjects: readonly SubjectSummary[], unit: string): string {
  const hasLatencies = subjects.some(({ p50Ms }) => p50Ms);
  const rows = subjects.map(({ name, perSecond, serverUs, databaseUs, generatorUs, busy, p50Ms, p99Ms }) => [
    name,
    spreadText(perSecond),
    ...(hasLatencies ? [figure(p50Ms?.median), figure(p99Ms?.median)] : []),
    ...[serverUs, databaseUs, generatorUs].map(figure),
    ...[busy.server, busy.database, busy.generator, busy.others].map(percent),
  ]);
  const latencies = hasLatencies ? ['p50 ms', 'p99 ms'] : [];
  const cpu = ['server', 'database', 'generator'].map((who) => `${who} CPU µs each`);
  const busy = ['server', 'database', 'generator', 'others'].map((who) => `${who} busy`);
  return table(['subject', `${unit} a second`, ...latencies, ...cpu, ...busy], rows);
}

function figureTable(subjects: readonly SubjectSummary[]): string {
  const with_ = subjects.filter(({ figures }) => Object.keys(figures).length > 0);
  const columns = [...new Set(with_.flatMap(({ figures }) => Object.keys(figures)))];
  if (columns.length === 0) return '';
  return table(
    ['figure', ...with_.map(({ name }) => name)],
    columns.map((column) => [
      column,
      ...with_.map(({ figures }) => (figures[column] ? spreadText(figures[column]) : '')),
    ]),
  );
}

/** What several do alike is said once. */
function doesLines(subjects: readonly SubjectSummary[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, does } of subjects) if (does) names.set(does, [...(names.get(does) ?? []), `**${name}**`]);
  return [...names].map(([does, who]) => `- ${who.join(', ')}: ${does}`);
}

function voidLines(subjects: readonly SubjectSummary[]): string {
  const lines = subjects.flatMap(({ name, voided }) =>
    voided.map(({ round, faults }) => `- ${name}, round ${round}: ${faults.join('; ')}`),
  );
  if (lines.length > 0) return `\nVoid rounds, which do not count:\n\n${lines.join('\n')}`;
  return '\nNo round is void: nothing was lost, doubled, misnumbered or refused.';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `\n${[line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')}\n`;
}

const spreadText = ({ median, min, max }: Spread): string =>
  Number.isNaN(median) ? '' : `${figure(median)} (${figure(min)} to ${figure(max)})`;

/** Three digits that count, no more: the fourth is noise. */
function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString('en') : String(rounded);
}

const percent = (share: number): string => (Number.isNaN(share) ? '' : `${Math.round(share * 100)} %`);
