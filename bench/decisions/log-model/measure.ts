// Measures the log model against a row per recipient with pgbench (Debian: the package postgresql), on a PostgreSQL
// of its own: npm run bench:log-model [rounds] [seconds]. The models take turns in each round; medians are printed.
import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions, migrate } from '../../../src/database/data-source.js';
import { startEmbeddedPostgres } from '../../../src/database/embedded-postgres.js';
import { allStatements } from '../../../src/database/statement.js';
import '../../../src/messages/append.repository.js';
import { schema } from '../../../src/schema.js';

const CLIENTS = 8;
/** Conversations of each size, as setup.sql makes them. */
const SIZES = [
  { size: 2, count: 1000 },
  { size: 10, count: 200 },
  { size: 100, count: 50 },
  { size: 1000, count: 20 },
];

const [rounds = 3, seconds = 8] = process.argv.slice(2).map(Number);
const run = promisify(execFile);
const fileOf = (name: string): string => path.join(import.meta.dirname, name);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The server's own statement, with the values that pgbench draws in place of its parameters. */
function appendScript(): string {
  const values = [
    'ARRAY[conversation_of(:size, :n)]',
    'ARRAY[member_of(:size, :n, :place)]',
    'ARRAY[CASE WHEN :size = 2 THEN member_of(:size, :n, 1 - :place) END]',
    'ARRAY[NULL::uuid]',
    `ARRAY['A message of about as many characters as people write.']`,
  ];
  const append = allStatements().get('messages.append')!;
  const filled = append.replaceAll(/\$(\d)/g, (_, number: string) => values[Number(number) - 1]!);
  return `\\set n random(1, :count)\n\\set place random(0, :size - 1)\n${filled};\n`;
}

async function perSecond(url: string, script: string, variables: Record<string, number>): Promise<number> {
  const define = Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const options = ['-n', '-M', 'prepared', '-c', CLIENTS, '-j', 2, '-T', seconds, '-f', script, ...define].map(String);
  const { stdout } = await run('pgbench', [...options, url]);
  return Number(/tps = ([\d.]+)/.exec(stdout)![1]);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

interface Contest {
  readonly name: string;
  readonly log: string;
  readonly rows: string;
  readonly variables: Record<string, number>;
}

async function compete(db: pg.Pool, url: string, contests: readonly Contest[]): Promise<void> {
  const results = contests.map(() => ({ log: [] as number[], rows: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, { log, rows, variables }] of contests.entries()) {
      await db.query('CHECKPOINT');
      results[i]!.log.push(await perSecond(url, log, variables));
      await db.query('CHECKPOINT');
      results[i]!.rows.push(await perSecond(url, rows, variables));
    }
  }
  for (const [i, { name }] of contests.entries()) {
    const { log, rows } = results[i]!;
    const ratio = median(log.map((value, round) => value / rows[round]!));
    say(`| ${name} | ${whole(median(log))} | ${whole(median(rows))} | ${ratio.toFixed(1)} |`);
  }
}

const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-decision-'));
const postgres = await startEmbeddedPostgres({ directory });
const db = new pg.Pool({ connectionString: postgres.url, max: 1 });
try {
  const dataSource = await new DataSource(dataSourceOptions(postgres.url, schema, 2)).initialize();
  await migrate(dataSource);
  await dataSource.destroy();
  await db.query(readFileSync(fileOf('setup.sql'), 'utf8'));
  const log = path.join(directory, 'log.sql');
  writeFileSync(log, appendScript());

  say(`${rounds} rounds of ${seconds} s, ${CLIENTS} clients, ${os.availableParallelism()} cores, durable commits\n`);
  say('| a second | log | row per recipient | ratio |\n|---|---|---|---|');
  await compete(
    db,
    postgres.url,
    SIZES.map((variables) => ({
      name: variables.size === 2 ? 'direct messages' : `messages to a group of ${whole(variables.size)}`,
      log,
      rows: fileOf('rows.sql'),
      variables,
    })),
  );

  const { rows: bytes } = await db.query<{ message: number; sent: number; inbox: number }>(`
    SELECT pg_total_relation_size('messages') / (SELECT count(*) FROM messages) AS message,
      pg_total_relation_size('sent') / (SELECT count(*) FROM sent) AS sent,
      pg_total_relation_size('inbox') / (SELECT count(*) FROM inbox) AS inbox`);
  await db.query(`
    UPDATE members m SET delivered_seq = c.last_seq FROM conversations c WHERE c.id = m.conversation_id`);
  await db.query('VACUUM ANALYZE');
  await compete(db, postgres.url, [
    { name: 'empty polls', log: fileOf('log-poll.sql'), rows: fileOf('rows-poll.sql'), variables: {} },
  ]);
  const { message, sent, inbox } = bytes[0]!;
  say(`\nBytes, with indexes: log ${message} a message; row per recipient ${sent} a message and ${inbox} a recipient`);
} finally {
  await db.end();
  await postgres.stop();
  for (const files of [directory, postgres.cluster]) rmSync(files, { recursive: true, force: true });
}
