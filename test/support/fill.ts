import type { TestServer } from './server.js';
import type { Truth } from './truth.js';

/**
 * Stores a whole truth as rows, if the API would take too long or would set other times. No process gets events of it: use it
 * for people whose data no process has read yet.
 */
export async function fill({ db }: TestServer, { logs, blocks }: Truth): Promise<void> {
  const conversations = [...logs.values()].map(({ id, ends, messages, members }) => {
    const [userA = null, userB = null] = ends?.toSorted() ?? [];
    const lastAt = messages.at(-1)?.sentAt ?? '2020-01-01T00:00:00.000Z';
    const kind = ends ? 0 : 1;
    return [id, kind, ends ? null : 'Group', userA, userB, messages.length, lastAt, members.size] as const;
  });
  const members = [...logs.values()].flatMap(({ id, members: places }) =>
    [...places].map(([userId, place]) => [id, userId, place.joinedSeq, place.deliveredSeq, place.readSeq] as const),
  );
  const messages = [...logs.values()].flatMap(({ id, messages: sent }) =>
    sent.map(({ seq, senderId, text, sentAt }) => [id, seq, senderId, text, sentAt] as const),
  );
  await db.query(
    `INSERT INTO conversations (id, kind, name, user_a, user_b, last_seq, last_at, member_count)
     SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[],
       $7::timestamptz[], $8::integer[])`,
    columns(conversations, 8),
  );
  await db.query(
    `INSERT INTO members (conversation_id, user_id, joined_seq, delivered_seq, read_seq)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])`,
    columns(members, 5),
  );
  await db.query(
    `INSERT INTO messages (conversation_id, seq, sender_id, text, sent_at)
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[])`,
    columns(messages, 5),
  );
  const pairs = [...blocks].map((pair) => pair.split(' '));
  await db.query(
    'INSERT INTO blocks (blocker_id, blocked_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])',
    columns(pairs, 2),
  );
}

/** Rows as the arrays that `unnest` takes. */
const columns = (rows: readonly (readonly unknown[])[], width: number): unknown[][] =>
  Array.from({ length: width }, (_, i) => rows.map((row) => row[i]));
