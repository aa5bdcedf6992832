// Measures the log model against a row per recipient with pgbench (Debian: the package postgresql), on a PostgreSQL
// of its own: npm run bench:log-model [rounds] [seconds]. The models take turns in each round; medians are printed.
import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { Settings } from '../../../src/config/settings.js';
import { dataSourceOptions } from '../../../src/database/data-source.js';
import { openDataSource } from '../../../src/database/open-data-source.js';
import { startEmbeddedPostgres } from '../../../src/postgres/embedded-postgres.js';
import { allStatements } from '../../../src/database/statement.js';
import '../../../src/messages/append.repository.js';
import { schema } from '../../../src/schema.js';

const CLIENTS = 8;
/** Sends in one statement: alone, and as many as come together on a busy server. */
const BATCHES = [1, 32];

/** sysconf(_SC_CLK_TCK), which is 100 on Linux. */
const TICK_MICROS = 10_000;

/** By then PostgreSQL has seen its connections end. */
const REAPED_MS = 500;

/** Conversations of each size, as setup.sql makes them. */
const SIZES = [
  { size: 2, count: 1000 },
  { size: 10, count: 200 },
  { size: 100, count: 50 },
  { size: 1000, count: 20 },
];

const SEARCH_PATH = `-c search_path=${new Settings().databaseSchema}`;

const [rounds = 3, seconds = 8] = process.argv.slice(2).map(Number);
const run = promisify(execFile);
const fileOf = (name: string): string => path.join(import.meta.dirname, name);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * The server's own statement, with what pgbench draws in place of its parameters: arrays of as many sends as the batch
 * has.
 */
function appendScript(batch: number): string {
  const array = (value: string): string =>
    batch === 1 ? `ARRAY[${first(value)}]` : `ARRAY(SELECT ${value} FROM generate_series(1, :batch) i)`;
  const values = [
    'conversation_of(:size, nth(:n, i, :count))',
    'member_of(:size, nth(:n, i, :count), :place)',
    'CASE WHEN :size = 2 THEN member_of(:size, nth(:n, i, :count), 1 - :place) END',
    'NULL::uuid',
    `'A message of about as many characters as people write.'::text`,
  ].map(array);
  const append = allStatements().get('messages.append')!;
  const filled = append.replaceAll(/\$(\d)/g, (_, number: string) => values[Number(number) - 1]!);
  return `\\set n random(1, :count)\n\\set place random(0, :size - 1)\n${filled};\n`;
}

/** The other model's, without the join that only a batch needs. */
function rowsScript(batch: number): string {
  const script = readFileSync(fileOf('rows.sql'), 'utf8');
  return batch === 1 ? first(script.replace('generate_series(1, :batch) i, ', '')) : script;
}

const first = (sql: string): string => sql.replaceAll('(:n, i, ', '(:n, 1, ');

interface Sample {
  /** On a busy machine this is the least repeatable of the three. */
  readonly perSecond: number;
  /** Processor time of PostgreSQL for one of them, in µs. */
  readonly cpu: number;
  /** What one of them writes to the write-ahead log, whole pages after a checkpoint included. */
  readonly wal: number;
}

async function sample(script: string, variables: Record<string, number>): Promise<Sample> {
  const define = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const options = ['-n', '-M', 'prepared', '-c', CLIENTS, '-j', 2, '-T', seconds, '-f', script, ...define].map(String);
  await db.query('CHECKPOINT');
  const before = await used();
  const env = { ...process.env, PGOPTIONS: SEARCH_PATH };
  const { stdout } = await run('pgbench', [...options, postgres.url], { env });
  await sleep(REAPED_MS);
  const after = await used();
  const sends = (variables.batch ?? 1) * Number(/actually processed: (\d+)/.exec(stdout)![1]);
  const perSecond = (variables.batch ?? 1) * Number(/tps = ([\d.]+)/.exec(stdout)![1]);
  return { perSecond, cpu: (after.cpu - before.cpu) / sends, wal: (after.wal - before.wal) / sends };
}

/** Linux adds the time of children that have ended to their parent's: here the connections of pgbench. proc_pid_stat(5) */
async function used(): Promise<{ cpu: number; wal: number }> {
  const pid = Number.parseInt(readFileSync(path.join(postgres.cluster, 'postmaster.pid'), 'utf8'), 10);
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(13, 15).map(Number);
  const { rows } = await db.query<{ wal: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS wal`);
  return { cpu: (user! + system!) * TICK_MICROS, wal: Number(rows[0]!.wal) };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

interface Contest {
  readonly name: string;
  readonly log: string;
  readonly rows: string;
  readonly variables: Record<string, number>;
}

async function compete(contests: readonly Contest[]): Promise<void> {
  const results = contests.map(() => ({ log: [] as Sample[], rows: [] as Sample[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, { log, rows, variables }] of contests.entries()) {
      results[i]!.log.push(await sample(log, variables));
      results[i]!.rows.push(await sample(rows, variables));
    }
  }
  for (const [i, { name }] of contests.entries()) {
    const { log, rows } = results[i]!;
    const figures = (['perSecond', 'cpu', 'wal'] as const).map((what) => {
      const [ours, theirs] = [log, rows].map((samples) => samples.map((one) => one[what])) as [number[], number[]];
      const ratios = ours.map((value, round) => theirs[round]! / value);
      const ratio = median(what === 'perSecond' ? ratios.map((value) => 1 / value) : ratios);
      return `${whole(median(ours))} | ${whole(median(theirs))} | ${Number.isFinite(ratio) ? ratio.toFixed(1) : ''}`;
    });
    say(`| ${name} | ${figures.join(' | ')} |`);
  }
}

const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-decision-'));
const postgres = await startEmbeddedPostgres({ directory });
const db = new pg.Pool({ connectionString: postgres.url, max: 1, options: SEARCH_PATH });
try {
  const dataSource = await openDataSource(dataSourceOptions(postgres.url, schema));
  await dataSource.destroy();
  await db.query(readFileSync(fileOf('setup.sql'), 'utf8'));
  const written = (name: string, script: string): string => {
    const file = path.join(directory, name);
    writeFileSync(file, script);
    return file;
  };
  const scripts = BATCHES.map((batch) => ({
    batch,
    log: written(`log-${batch}.sql`, appendScript(batch)),
    rows: written(`rows-${batch}.sql`, rowsScript(batch)),
  }));

  say(`${rounds} rounds of ${seconds} s, ${CLIENTS} clients, ${os.availableParallelism()} cores, durable commits\n`);
  say(
    '| | a second: log | row per recipient | ratio | CPU, µs: log | row per recipient | ratio | WAL, bytes: log | row per recipient | ratio |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|');
  await compete(
    scripts.flatMap(({ batch, log, rows }) =>
      SIZES.map(({ size, count }) => ({
        name: `${size === 2 ? 'direct' : `group of ${whole(size)}`}, ${batch} in a statement`,
        log,
        rows,
        variables: { size, count, batch },
      })),
    ),
  );

  const { rows: bytes } = await db.query<{ message: number; sent: number; inbox: number }>(`
    SELECT pg_total_relation_size('messages') / (SELECT count(*) FROM messages) AS message,
      pg_total_relation_size('sent') / (SELECT count(*) FROM sent) AS sent,
      pg_total_relation_size('inbox') / (SELECT count(*) FROM inbox) AS inbox`);
  await db.query(`
    UPDATE members m SET delivered_seq = c.last_seq FROM conversations c WHERE c.id = m.conversation_id`);
  await db.query('VACUUM ANALYZE');
  await compete([{ name: 'empty poll', log: fileOf('log-poll.sql'), rows: fileOf('rows-poll.sql'), variables: {} }]);
  const { message, sent, inbox } = bytes[0]!;
  say(`\nBytes, with indexes: log ${message} a message; row per recipient ${sent} a message and ${inbox} a recipient`);
} finally {
  await db.end();
  await postgres.stop();
  for (const files of [directory, postgres.cluster]) rmSync(files, { recursive: true, force: true });
}
