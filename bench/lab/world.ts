import { hash } from '@node-rs/argon2';
import { AccessTokens } from '../../src/auth/access-tokens.js';
import { directConversationId } from '../../src/common/ids.js';
import { request } from '../client/http.js';
import { askEach } from '../client/load.js';
import { Settings } from '../../src/config/settings.js';
import type { Database } from './database.js';
import { JWT_SECRET } from './lab.js';
import type { Program } from './program.js';

const numbered = (kind: string, n: number): string => `00000000-0000-7000-${kind}-${n.toString(16).padStart(12, '0')}`;
const numberedSql = (kind: string, n: string): string =>
  `('00000000-0000-7000-${kind}-' || lpad(to_hex((${n})::bigint), 12, '0'))::uuid`;

/** Ids that can be computed from a number from 1 on, here and in SQL, so that loading takes one statement. */
export const userId = (n: number): string => numbered('8000', n);
export const groupId = (n: number): string => numbered('a000', n);
export const userIdSql = (n: string): string => numberedSql('8000', n);
export const groupIdSql = (n: string): string => numberedSql('a000', n);
/** Of pgbench, which cannot compute the id that the server would. */
export const pairId = (n: number): string => numbered('b000', n);
export const pairIdSql = (n: string): string => numberedSql('b000', n);
const sessionId = (n: number): string => numbered('9000', n);

export const PASSWORD = 'the password of everybody';
export const usernameOf = (n: number): string => `user${n}`;

/** Users 1 to `count`, each with a session. */
export async function loadUsers(database: Database, count: number): Promise<void> {
  await database.execute(
    `INSERT INTO users (id, username, display_name)
     SELECT ${userIdSql('n')}, 'user' || n, 'User number ' || n FROM generate_series(1, $1::int) n`,
    [count],
  );
  await database.execute(
    `INSERT INTO sessions (id, user_id, expires_at)
     SELECT ${numberedSql('9000', 'n')}, ${userIdSql('n')}, now() + interval '30 days' FROM generate_series(1, $1::int) n`,
    [count],
  );
}

/** Gives users 1 to `count` the same password. */
export async function loadPasswords(database: Database, count: number): Promise<void> {
  await database.execute(
    `INSERT INTO credentials (user_id, password_hash) SELECT ${userIdSql('n')}, $2 FROM generate_series(1, $1::int) n`,
    [count, await hash(PASSWORD, { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 })], // as the server hashes
  );
}

/** Two users, by their numbers. */
export type Pair = readonly [one: number, other: number];

/** Each of `users` with the `each` after them, round and round: pair n is that of pgbench's script, too. */
export function pairsAmong(users: number, each: number): Pair[] {
  return Array.from({ length: users * each }, (_, i) => {
    const one = Math.floor(i / each) + 1;
    return [one, ((one + (i % each)) % users) + 1] as const;
  });
}

export const conversationOf = ([one, other]: Pair): string => directConversationId(userId(one), userId(other));

/** Opens direct conversations. Their ids are those that the server computes, unless said. */
export async function loadPairs(
  database: Database,
  pairs: readonly Pair[],
  idOf: (pair: Pair, i: number) => string = conversationOf,
): Promise<void> {
  const ids = pairs.map(idOf);
  const [lower, higher] = [Math.min, Math.max].map((end) => pairs.map((pair) => userId(end(...pair))));
  await database.execute(
    `INSERT INTO conversations (id, kind, user_a, user_b, member_count)
     SELECT id, 0, a, b, 2 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS p (id, a, b)`,
    [ids, lower, higher],
  );
  await database.execute(
    `INSERT INTO members (conversation_id, user_id)
     SELECT id, unnest(ARRAY[a, b]) FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS p (id, a, b)`,
    [ids, lower, higher],
  );
}

/** A group, by its number, and its members from and to, by theirs. The first owns it. */
export type Group = readonly [n: number, from: number, to: number];

export async function loadGroups(database: Database, groups: readonly Group[]): Promise<void> {
  const columns = [0, 1, 2].map((i) => groups.map((group) => group[i]));
  const input = 'unnest($1::int[], $2::int[], $3::int[]) AS g (n, first, last)';
  await database.execute(
    `INSERT INTO conversations (id, kind, name, member_count)
     SELECT ${groupIdSql('n')}, 1, 'Group number ' || n, last - first + 1 FROM ${input}`,
    columns,
  );
  await database.execute(
    `INSERT INTO members (conversation_id, user_id, role)
     SELECT ${groupIdSql('n')}, ${userIdSql('u')}, CASE WHEN u = first THEN 2 ELSE 0 END
     FROM ${input}, generate_series(first, last) u`,
    columns,
  );
}

/** How the tables stand after a while: with statistics, and a visibility map. */
export async function settle(database: Database): Promise<void> {
  await database.execute('VACUUM (ANALYZE)');
}

/** How long tokens are used, in ms: a third less than they hold. */
const FRESH_MS = 10 * 60_000;

/** Access tokens of users 1 to `count`, signed as the server signs them. */
export class Tokens {
  private tokens: string[] = [];
  private issuedAt = -Infinity;

  constructor(private readonly count: number) {}

  /**
   * Before each run: issues them anew where they would not outlast it. Then each asks each server for `path` once,
   * unmeasured: a server looks at a token once and remembers it, so this is how users are found who have been here.
   */
  async refresh(servers: readonly Program[] = [], path = '/v1/users/me'): Promise<void> {
    if (performance.now() - this.issuedAt < FRESH_MS) return;
    await this.issue();
    const requests = this.tokens.map((token) => request('GET', path, token));
    for (const { port } of servers) await askEach(port, requests);
  }

  private async issue(): Promise<void> {
    const issuer = new AccessTokens(Object.assign(new Settings(), { jwtSecret: JWT_SECRET }));
    const numbers = Array.from({ length: this.count }, (_, i) => i + 1);
    this.tokens = await Promise.all(numbers.map((n) => issuer.issue(userId(n), sessionId(n))));
    this.issuedAt = performance.now();
  }

  of(user: number): string {
    return this.tokens[user - 1]!;
  }
}
