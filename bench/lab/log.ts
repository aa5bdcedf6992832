import type { Database } from './database.js';
import { userIdSql } from './world.js';

/** Rows of one INSERT: a few seconds, after each of which progress is told. */
const CHUNK = 1_000_000;

/** A log to be written as if two users had been talking in turns, a message every tenth of a second until now. */
export interface Log {
  readonly conversationId: string;
  /** Numbers of the users: the first sends odd messages, the second even ones. */
  readonly users: readonly [number, number];
  readonly messages: number;
}

/** Writes long logs: in order, without the primary key, which is made afterwards. */
export async function loadLongLog(database: Database, log: Log, onProgress: (messages: number) => void): Promise<void> {
  const { conversationId, users, messages } = log;
  const [{ definition } = { definition: '' }] = await database.rows<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'messages_pkey'`,
  );
  await database.execute(`SET synchronous_commit = off`);
  await database.execute(`SET maintenance_work_mem = '512MB'`);
  await database.execute('ALTER TABLE messages DROP CONSTRAINT messages_pkey');
  for (let done = 0; done < messages; done += CHUNK) {
    const last = Math.min(messages, done + CHUNK);
    await database.execute(
      `INSERT INTO messages (conversation_id, seq, sender_id, text, sent_at)
       SELECT $1, n, CASE n % 2 WHEN 1 THEN ${userIdSql('$2')} ELSE ${userIdSql('$3')} END,
         rpad('message ' || n || ' ', 60, '.'), now() - interval '1 minute' - ($6 - n) * interval '0.1 second'
       FROM generate_series($4::bigint, $5::bigint) n`,
      [conversationId, ...users, done + 1, last, messages],
    );
    onProgress(last);
  }
  await database.execute(`ALTER TABLE messages ADD CONSTRAINT messages_pkey ${definition}`);
  await bringHeadsUpToDate(database);
}

/**
 * Writes `each` messages into every conversation, 20 minutes apart, by its members in turns, at most five of them; the
 * newest by the second of them. Each conversation has its newest a minute before another one.
 */
export async function loadShortLogs(database: Database, each: number): Promise<void> {
  await database.execute(
    `INSERT INTO messages (conversation_id, seq, sender_id, text, sent_at)
     SELECT m.conversation_id, n, m.users[1 + ($1 - n + 1) % array_length(m.users, 1)],
       rpad('message ' || n || ' ', 60, '.'), now() - m.rank * interval '1 minute' - ($1 - n) * interval '20 minutes'
     FROM (SELECT conversation_id, (array_agg(user_id ORDER BY user_id))[1:5] AS users, row_number() OVER () AS rank
           FROM members GROUP BY conversation_id) m, generate_series(1, $1::int) n
     ORDER BY m.conversation_id, n`,
    [each],
  );
  await bringHeadsUpToDate(database);
}

async function bringHeadsUpToDate(database: Database): Promise<void> {
  await database.execute(
    `UPDATE conversations c SET last_seq = m.seq, last_at = m.sent_at
     FROM (SELECT DISTINCT ON (conversation_id) conversation_id, seq, sent_at FROM messages
           ORDER BY conversation_id, seq DESC) m
     WHERE m.conversation_id = c.id`,
  );
}

/** Where members have read to: all but the newest so many. */
export async function markRead(database: Database, user: number, unread: number): Promise<void> {
  await database.execute(
    `UPDATE members m SET read_seq = greatest(0, c.last_seq - $2), delivered_seq = c.last_seq
     FROM conversations c WHERE c.id = m.conversation_id AND m.user_id = ${userIdSql('$1')}`,
    [user, unread],
  );
}
