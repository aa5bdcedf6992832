// The limit: PostgreSQL's own load generator runs the very statement of src/messages/append.repository.ts for one
// message at a time, prepared, by 32 clients. A send is numbered, checked for membership and blocks, and durable.
// There is no server before it: nobody signs in, nothing is validated, nothing is delivered.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { allStatements } from '../../src/database/statement.js';
import '../../src/messages/append.repository.js';
import type { Database } from '../lab/database.js';
import { pairIdSql, userIdSql } from '../lab/world.js';

const CLIENTS = 32;
const DEBIAN = '/usr/lib/postgresql';

/** Where pgbench is: on the PATH, or where Debian keeps it. */
function find(): string | undefined {
  const versions = (): string[] => readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  const candidates = ['pgbench', ...attempt(versions, []).map((version) => `${DEBIAN}/${version}/bin/pgbench`)];
  return candidates.find((program) => attempt(() => execFileSync(program, ['--version']), undefined));
}

function attempt<T, F>(work: () => T, otherwise: F): T | F {
  try {
    return work();
  } catch {
    return otherwise; // no such directory, no such program
  }
}

const program = find();

/** For instance `15.18`; undefined where there is none. */
export const pgbenchVersion = (): string | undefined =>
  program && /[\d.]+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0];

/**
 * A random pair sends one message: the statement as it is, with its five arrays made from the pair's number. Pair n is
 * that of `pairsAmong(users, each)`.
 */
function script(users: number, each: number, text: string): string {
  const arrays = [
    ['$1::uuid[]', `ARRAY[${pairIdSql(':n')}]`],
    ['$2::uuid[]', `ARRAY[${userIdSql(':a')}]`],
    ['$3::uuid[]', `ARRAY[${userIdSql(':b')}]`],
    ['$4::uuid[]', 'ARRAY[NULL::uuid]'],
    ['$5::text[]', `ARRAY['${text}']`],
  ] as const;
  let statement = allStatements().get('messages.append')!;
  for (const [parameter, value] of arrays) {
    if (!statement.includes(parameter)) throw new Error(`the append statement has no ${parameter}`);
    statement = statement.replaceAll(parameter, value);
  }
  return `\\set n random(1, ${users * each})
\\set a (:n - 1) / ${each} + 1
\\set b (:a + (:n - 1) % ${each}) % ${users} + 1
${statement};
`;
}

export interface PgbenchRun {
  readonly transactions: number;
  /** Without the time that connecting took. */
  readonly seconds: number;
}

/** A function that runs pgbench for so many seconds; undefined where there is no pgbench. */
export function pgbench(
  database: Database,
  file: string,
  { users, each, text }: { users: number; each: number; text: string },
): ((seconds: number) => Promise<PgbenchRun>) | undefined {
  if (program === undefined) return undefined;
  writeFileSync(file, script(users, each, text));
  const { hostname, port, username, password, pathname } = new URL(database.url);
  const environment = {
    ...process.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGOPTIONS: sessionSettings(database.url),
  };
  return async (seconds) => {
    const time = String(Math.max(1, Math.round(seconds)));
    const args = ['-n', '-M', 'prepared', '-c', String(CLIENTS), '-T', time, '-f', file, pathname.slice(1)];
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += String(data)));
    const [code] = (await once(child, 'close')) as [number | null];
    const [, transactions] = /transactions actually processed: (\d+)/.exec(said) ?? [];
    const [, perSecond] = /tps = ([\d.]+) \(without initial connection time\)/.exec(said) ?? [];
    if (code !== 0 || transactions === undefined || perSecond === undefined)
      throw new Error(`pgbench ended with ${code}:\n${said}`);
    return { transactions: Number(transactions), seconds: Number(transactions) / Number(perSecond) };
  };
}

/** What the server's own connections are set to. */
const sessionSettings = (url: string): string =>
  (dataSourceOptions(url, { entities: [], migrations: [] }).extra as { options: string }).options;
