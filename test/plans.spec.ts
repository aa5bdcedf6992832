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
