import { beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { Parley } from '../sdk/src/index.js';
import { DEMO_PASSWORD, seed, SeededBefore, type SeedOptions, type Seeded } from '../scripts/seed/seed.js';
import { checkedFetch } from './support/checked-fetch.js';
import { newDatabase } from './support/database.js';
import { server } from './support/server.js';

const OPTIONS: SeedOptions = {
  messages: 6000,
  users: 150,
  conversations: 200,
  weeks: 3,
  until: Date.UTC(2026, 5, 1, 12),
  seed: 7,
};

const seedInto = async (db: pg.Pool, options = OPTIONS): Promise<Seeded> => {
  const client = await db.connect();
  return seed(client, options).finally(() => client.release());
};

let seeded: Seeded;

beforeAll(async () => {
  seeded = await seedInto((await server()).db);
});

/** Counts of rows that break a rule of the server; `{}` if there are none. */
async function broken(rules: Readonly<Record<string, string>>): Promise<object> {
  const { db } = await server();
  const counts = Object.entries(rules).map(([rule, rows]) => `(SELECT count(*)::int FROM (${rows}) x) AS "${rule}"`);
  const { rows } = await db.query<Record<string, number>>(`SELECT ${counts.join(', ')}`);
  return Object.fromEntries(Object.entries(rows[0]!).filter(([, count]) => count > 0));
}

it('the seed makes as many users, groups and messages as its options say', async () => {
  const { db } = await server();
  const { rows } = await db.query(`
    SELECT (SELECT count(*)::int FROM users) AS people, (SELECT count(*)::int FROM conversations) AS conversations,
      (SELECT count(*)::int FROM messages) AS messages, (SELECT count(*)::int FROM blocks) AS blocks`);
  const { usernames: _, ...counts } = seeded;
  expect(rows[0]).toEqual(counts);
  expect(seeded).toMatchObject({ people: 150, conversations: 200, messages: 6000 });
  expect(seeded.blocks).toBeGreaterThan(0);
});

it('a seeded log is numbered without gaps, its times never go back, and its head agrees with it', async () => {
  expect(
    await broken({
      gaps: `SELECT FROM messages GROUP BY conversation_id HAVING min(seq) <> 1 OR max(seq) <> count(*)`,
      'times that go back': `SELECT FROM (
          SELECT sent_at < lag(sent_at) OVER (PARTITION BY conversation_id ORDER BY seq) AS back FROM messages) m WHERE back`,
      heads: `SELECT FROM conversations c
        LEFT JOIN LATERAL (SELECT seq, sent_at FROM messages m WHERE m.conversation_id = c.id ORDER BY seq DESC LIMIT 1) m ON true
        WHERE c.last_seq <> coalesce(m.seq, 0) OR c.last_at <> coalesce(m.sent_at, c.created_at)`,
      'direct conversations without a message': `SELECT FROM conversations WHERE kind = 0 AND last_seq = 0`,
      'messages before their conversation': `SELECT FROM messages m JOIN conversations c ON c.id = conversation_id
        WHERE m.sent_at < c.created_at`,
      'messages of who had not joined': `SELECT FROM messages m JOIN members b USING (conversation_id)
        WHERE b.user_id = m.sender_id AND m.seq <= b.joined_seq`,
      'messages against a block': `SELECT FROM messages m JOIN conversations c ON c.id = conversation_id AND c.kind = 0
        JOIN blocks b ON b.blocked_id = m.sender_id AND b.blocker_id IN (c.user_a, c.user_b) AND m.sent_at > b.created_at`,
      'too late': `SELECT FROM messages WHERE sent_at > '2026-06-01T12:00:00Z'`,
    }),
  ).toEqual({});
});

it('markers of seeded members are in the order that the rules allow', async () => {
  expect(
    await broken({
      markers: `SELECT FROM members m JOIN conversations c ON c.id = m.conversation_id
        WHERE NOT (m.joined_seq BETWEEN 0 AND m.read_seq AND m.read_seq <= m.delivered_seq AND m.delivered_seq <= c.last_seq)`,
      counts: `SELECT FROM conversations c
        WHERE member_count <> (SELECT count(*) FROM members m WHERE m.conversation_id = c.id)`,
      'versions below the joins that can be seen': `SELECT FROM conversations c WHERE members_version < 1 + (
        SELECT count(*) FROM members m WHERE m.conversation_id = c.id AND m.joined_at > c.created_at)`,
      'groups without one owner': `SELECT FROM conversations c WHERE c.kind = 1
        AND 1 <> (SELECT count(*) FROM members m WHERE m.conversation_id = c.id AND m.role = 2)`,
      'roles in direct conversations': `SELECT FROM members m JOIN conversations c ON c.id = m.conversation_id
        WHERE c.kind = 0 AND (m.role <> 0 OR m.user_id NOT IN (c.user_a, c.user_b))`,
      'members younger than their membership': `SELECT FROM members m JOIN users u ON u.id = m.user_id
        WHERE u.created_at > m.joined_at`,
      'block counters': `SELECT FROM users u
        WHERE blocks_version <> (SELECT count(*) FROM blocks b WHERE b.blocker_id = u.id)`,
    }),
  ).toEqual({});
});

it('seeded groups have late joiners, leavers, admins and many sizes; some users write far more than others', async () => {
  const { db } = await server();
  const { rows } = await db.query<Record<string, number>>(`
    SELECT (SELECT count(*)::int FROM members WHERE joined_seq > 0) AS "late joiners",
      (SELECT count(*)::int FROM members WHERE role = 1) AS admins,
      (SELECT count(DISTINCT member_count)::int FROM conversations WHERE kind = 1) AS sizes,
      (SELECT count(*)::int FROM members WHERE read_seq < delivered_seq) AS unread,
      (SELECT count(*)::int FROM conversations c WHERE members_version - 1 > (
        SELECT count(*) FROM members m WHERE m.conversation_id = c.id AND m.joined_at > c.created_at)) AS "left by someone"`);
  for (const [what, count] of Object.entries(rows[0]!)) expect({ [what]: count > 1 }).toEqual({ [what]: true });
  const { rows: senders } = await db.query<{ count: number }>(
    `SELECT count(*)::int FROM messages GROUP BY sender_id ORDER BY 1 DESC`,
  );
  const busiest = senders.slice(0, senders.length / 5).reduce((sum, { count }) => sum + count, 0);
  expect(busiest).toBeGreaterThan(OPTIONS.messages / 2);
});

it('the demo users log in with the demo password, find conversations with unread messages, and can answer', async () => {
  const { url } = await server();
  const anyone = new Parley({ baseUrl: url, fetch: checkedFetch });
  expect(seeded.usernames).toEqual(['ana', 'ben', 'cleo', 'dan', 'eva', 'finn', 'gia', 'hugo']);
  const { accessToken, user } = await anyone.createSession({ username: 'ana', password: DEMO_PASSWORD });
  expect(user.displayName).toMatch(/^Ana /);
  const ana = anyone.with({ accessToken });
  const { items } = await ana.listConversations({ limit: 200 });
  expect(items.length).toBeGreaterThan(3);
  expect(items.some(({ unread }) => unread > 0)).toBe(true);
  const before = await ana.getConversation({ conversation: '@ben' });
  const { seq } = await ana.sendMessage({ recipient: '@ben', text: 'There you are!' });
  expect(seq).toBe(before.lastSeq + 1);
});

it('the seed makes the same data from the same options, and refuses to make it twice', async () => {
  const { db } = await server();
  await expect(seedInto(db)).rejects.toThrow(SeededBefore);
  const other = await newDatabase();
  const otherDb = new pg.Pool({ connectionString: other.url, max: 1 });
  await seedInto(otherDb);
  const digest = `SELECT md5(string_agg(m::text, '|' ORDER BY conversation_id, seq)) FROM messages m
    WHERE text <> 'There you are!'`;
  expect((await otherDb.query(digest)).rows).toEqual((await db.query(digest)).rows);
  await otherDb.end();
  await other.drop();
});

it('another seed number adds other users, with usernames that are free', async () => {
  const { db } = await server();
  const more = await seedInto(db, { ...OPTIONS, messages: 100, users: 8, seed: 8 });
  expect(more.usernames.slice(0, 2)).toEqual(['ana.2', 'ben.2']);
});
