import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { allStatements } from '../src/database/statement.js';
import { newDatabase, type TestDatabase } from './support/database.js';
import '../src/app.module.js'; // declares every statement

/** Every table has so many rows that reading all of it would never be the cheaper plan for a few of them. */
const LOAD = `
  INSERT INTO users (id, username, external_id, display_name)
    SELECT md5('u' || n)::uuid, 'user' || n, 'ext' || n, 'User ' || n FROM generate_series(0, 19999) n;
  INSERT INTO credentials SELECT id, 'hash' FROM users;
  INSERT INTO sessions (id, user_id, expires_at) SELECT md5('s' || n)::uuid, md5('u' || n)::uuid, now() FROM generate_series(0, 19999) n;
  INSERT INTO api_keys (id, name, key_hash, scopes) SELECT md5('k' || n)::uuid, 'key', md5('k' || n), '{act}' FROM generate_series(0, 19999) n;
  INSERT INTO blocks SELECT md5('u' || n)::uuid, md5('u' || n + 1)::uuid FROM generate_series(0, 19998) n;
  INSERT INTO conversations (id, kind, last_seq, member_count) SELECT md5('c' || n)::uuid, 1, 10, 3 FROM generate_series(0, 9999) n;
  INSERT INTO members (conversation_id, user_id) SELECT md5('c' || n)::uuid, md5('u' || (n * 7 + m * 3) % 20000)::uuid
    FROM generate_series(0, 9999) n, generate_series(0, 2) m;
  INSERT INTO messages SELECT md5('c' || n)::uuid, s, md5('u' || (n * 7 + (s % 3) * 3) % 20000)::uuid, gen_random_uuid(), 'Hello', now()
    FROM generate_series(0, 9999) n, generate_series(1, 10) s;
  ANALYZE`;

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await newDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(LOAD);
}, 120_000);

afterAll(async () => {
  await client.end();
  await database.drop();
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly Plans?: readonly Plan[];
}

/** How a statement is planned without knowing its parameters, as the pool's connections do it. */
async function planOf(text: string): Promise<Plan> {
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const values = parameters === 0 ? '' : `(${Array<string>(parameters).fill('NULL').join(', ')})`;
  await client.query(`PREPARE planned AS ${text}`);
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (FORMAT JSON) EXECUTE planned${values}`,
    );
    return rows[0]!['QUERY PLAN'][0]!.Plan;
  } finally {
    await client.query('DEALLOCATE planned');
  }
}

/** The tables that a statement would read from end to end. */
async function readWhole(text: string): Promise<string[]> {
  const below = (plan: Plan): string[] => [
    ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name']!] : []),
    ...(plan.Plans ?? []).flatMap(below),
  ];
  return below(await planOf(text));
}

describe.each([
  ['as the pool plans it', 'off'],
  ['though it were allowed', 'on'],
])('no statement reads a whole table, %s', (_how, seqscan) => {
  beforeAll(() =>
    client.query(`SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = ${seqscan}`),
  );

  it.each([...allStatements()])('%s', async (_name, text) => {
    expect(await readWhole(text)).toEqual([]);
  });

  it('a statement that did would be found', async () => {
    expect(await readWhole('SELECT seq FROM messages WHERE text = $1')).toEqual(['messages']);
  });
});

/** Two indexes of the same two columns, in either order: for a row by both columns PostgreSQL takes any of the two. */
const TWINS: Readonly<Record<string, string>> = {
  members_pkey: 'members_user',
  members_user: 'members_pkey',
  blocks_pkey: 'blocks_blocked',
  blocks_blocked: 'blocks_pkey',
};

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => readFileSync(path.join('src', file), 'utf8'));

/** The doc comment right above the constant that declares a statement; empty if there is none. */
function commentOf(name: string): string {
  const source = SOURCES.find((text) => text.includes(`'${name}'`)) ?? '';
  const [, comment = ''] =
    /(\/\*\*(?:(?!\*\/)[^])*\*\/)\n(?:export )?const \w+ = (?:(?!\*\/|\nconst )[^])*$/.exec(
      source.slice(0, source.indexOf(`'${name}'`)),
    ) ?? [];
  return comment;
}

function indexesOf(plan: Plan): string[] {
  const arbiters = plan['Conflict Arbiter Indexes'] ?? [];
  const own = plan['Index Name'] ? [plan['Index Name']] : [];
  return [...own, ...arbiters, ...(plan.Plans ?? []).flatMap(indexesOf)];
}

/** The indexes that the plan uses and the comment does not name, and the other way round. */
async function differences(text: string, comment: string): Promise<{ unnamed: string[]; unused: string[] }> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT indexname AS name FROM pg_indexes WHERE schemaname = current_schema()`,
  );
  const named = rows.map(({ name }) => name).filter((name) => new RegExp(`\\b${name}\\b`).test(comment));
  const used = [...new Set(indexesOf(await planOf(text)))];
  const isAmong = (names: string[], name: string): boolean => names.includes(name) || names.includes(TWINS[name] ?? '');
  return {
    unnamed: used.filter((name) => !isAmong(named, name)),
    unused: named.filter((name) => !isAmong(used, name)),
  };
}

describe('the comment of a statement names the indexes that its plan uses, and no other', () => {
  beforeAll(() => client.query('SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off'));

  it.each([...allStatements()])('%s', async (name, text) => {
    expect(await differences(text, commentOf(name))).toEqual({ unnamed: [], unused: [] });
  });

  it('a comment that names another index would be found', async () => {
    const text = 'SELECT seq FROM messages WHERE conversation_id = $1';
    expect(await differences(text, '/** Index: users_pkey. */')).toEqual({
      unnamed: ['messages_pkey'],
      unused: ['users_pkey'],
    });
  });
});
