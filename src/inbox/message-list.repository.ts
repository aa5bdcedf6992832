import { Injectable } from '@nestjs/common';
import type { ConversationId, UserId } from '../common/ids.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { BLOCKED_EITHER_WAY, HIDDEN_SENDERS, MESSAGE_COLUMNS, type SeenMessage } from '../messages/seen-message.js';

/** A key of the merged order of all conversations: sentAt, then conversation, then seq. */
export interface ListKey {
  /** RFC 3339, or `infinity` and `-infinity` for the two ends. */
  readonly sentAt: string;
  readonly conversationId: ConversationId;
  readonly seq: number;
}

/** What `read=` selects: among the messages received, or among those the caller sent. */
export const ReadFilter = { none: 0, receivedUnread: 1, receivedRead: 2, sentUnread: 3, sentRead: 4 } as const;
export type ReadFilter = (typeof ReadFilter)[keyof typeof ReadFilter];

export interface ListFilter {
  /** Only this conversation; undefined: all the caller is in. */
  readonly conversationId?: ConversationId;
  readonly senderId?: UserId;
  /** Only what was sent to the caller directly. */
  readonly toMeDirectly: boolean;
  readonly read: ReadFilter;
}

/** The messages of a page, and the nearest key that was not looked at; null if everything was. */
export interface Listed {
  readonly messages: readonly SeenMessage[];
  readonly unseenFrom: ListKey | null;
}

type ListRow = SeenMessage & {
  readonly seq: number | null; // null: no message, the row only carries the place below
  readonly edgeAt: Date | null;
  readonly edgeId: ConversationId | null;
  readonly edgeSeq: number | null;
};

type ListParams = [
  userId: UserId,
  limit: number,
  rowsPerConversation: number,
  sentAt: string,
  conversationId: ConversationId,
  seq: number,
  senderId: UserId | null,
  toMeDirectly: boolean,
  read: ReadFilter,
  rowsInAll: number,
];

/** How many log rows a list looks at. */
export interface ScanLimit {
  readonly perConversation: number;
  readonly inAll: number;
}

const CONVERSATION_FIELDS = 'kind, user_a, user_b, own_read';
const COLUMNS = `l.id AS "conversationId", ${MESSAGE_COLUMNS.replaceAll('x.', 'l.')},
     l.kind, l.user_a AS "userA", l.user_b AS "userB", l.own_read AS "readSeq",
     e.at AS "edgeAt", e.id AS "edgeId", e.seq AS "edgeSeq"`;

/**
 * `hidden_senders`, `blocked_either_way`: blocks. `conv`: the stretch (low, top] of each conversation that can hold what is asked for;
 * what `only` says narrows the conversations. `whole`: nothing of it lies behind the cursor.
 */
const stretches = (only: string): string => `
   hidden_senders AS MATERIALIZED (${HIDDEN_SENDERS}),
   blocked_either_way AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM (${BLOCKED_EITHER_WAY}) b(id)),
   stretch AS MATERIALIZED (
     SELECT c.id, c.kind, c.user_a, c.user_b, m.read_seq AS own_read, c.last_seq, c.last_at,
       CASE WHEN $9 = 1 THEN m.read_seq ELSE m.joined_seq END AS low,
       CASE WHEN $9 = 2 THEN least(m.read_seq, c.last_seq) ELSE c.last_seq END AS top
     FROM members m JOIN conversations c ON c.id = m.conversation_id
     WHERE m.user_id = $1 ${only} AND (c.kind = 0 OR NOT $8)
       AND (c.kind = 1 OR $7::uuid IS NULL OR $7 IN (c.user_a, c.user_b))
   )`;

/** Which of the looked-at rows `x` of a head `h` are asked for. */
const MATCHES = `(h.kind = 0 OR x.sender_id <> ALL (hidden_senders.ids))
       AND ($7::uuid IS NULL OR x.sender_id = $7)
       AND (NOT $8 OR x.sender_id <> $1 OR h.user_a = h.user_b)
       AND ($9 NOT IN (1, 2) OR x.sender_id <> $1)
       AND ($9 NOT IN (3, 4) OR (x.sender_id = $1
            AND coalesce(s.first_joined < x.seq AND x.seq <= s.least_read, false) = ($9 = 4)))`;

const READ_STATE_OF_HEAD = `LEFT JOIN LATERAL (
       SELECT min(o.joined_seq) AS first_joined, min(o.read_seq) AS least_read FROM members o
       WHERE $9 IN (3, 4) AND o.conversation_id = h.id AND o.user_id <> $1 AND o.user_id <> ALL (blocked_either_way.ids)) s ON true`;

/** Rows looked at per conversation: $3 at most, and all of them together no more than $10. */
const SHARE = `(SELECT least($3, greatest($10::int / greatest(count(*), 1), 1)) FROM heads WHERE place <= $2)`;

/**
 * A page of the merged list, newest first, before the place ($4, $5, $6).
 *
 * Each conversation's highest place that can still match is known from above (last_at) or found by bisection over
 * the primary key, since sent_at never goes back. The $2 highest are looked into, up to SHARE rows of each, and only
 * what is newer than the highest place not looked at is answered; that place comes with every row (or with one row
 * that has no message). Hidden senders and coming back make anything simpler wrong.
 */
const newest = (only: string): string => `
   WITH RECURSIVE ${stretches(only)},
   conv AS MATERIALIZED (
     SELECT t.*, (t.top_at, t.id, t.top) < ($4::timestamptz, $5::uuid, $6::bigint) AS whole
     FROM (
       SELECT a.*, CASE WHEN a.top = a.last_seq THEN a.last_at ELSE
         (SELECT y.sent_at FROM messages y WHERE y.conversation_id = a.id AND y.seq = a.top) END AS top_at
       FROM stretch a WHERE a.top > a.low) t
   ), cut AS (
     SELECT id, low AS lo, top - 1 AS hi FROM conv WHERE NOT whole
     UNION ALL
     SELECT c.id, CASE WHEN y.behind THEN y.mid ELSE c.lo END, CASE WHEN y.behind THEN c.hi ELSE y.mid - 1 END
     FROM cut c CROSS JOIN LATERAL (
       SELECT z.seq AS mid, (z.sent_at, z.conversation_id, z.seq) < ($4::timestamptz, $5::uuid, $6::bigint) AS behind
       FROM messages z WHERE z.conversation_id = c.id AND z.seq = (c.lo + c.hi + 1) / 2 OFFSET 0) y
     WHERE c.lo < c.hi
   ), heads AS MATERIALIZED (
     SELECT a.*, row_number() OVER (ORDER BY edge_at DESC, id DESC) AS place FROM (
       SELECT id, ${CONVERSATION_FIELDS}, low, top AS edge, top_at AS edge_at FROM conv WHERE whole
       UNION ALL
       SELECT c.id, ${CONVERSATION_FIELDS}, c.low, t.lo,
         (SELECT z.sent_at FROM messages z WHERE z.conversation_id = c.id AND z.seq = t.lo)
       FROM cut t JOIN conv c ON c.id = t.id WHERE t.lo >= t.hi AND t.lo > c.low
       ORDER BY edge_at DESC, id DESC LIMIT $2 + 1) a
   ), looked AS MATERIALIZED (
     SELECT h.id, ${CONVERSATION_FIELDS}, h.low AS far, x.seq, x.sent_at, x.sender_id, x.client_message_id, x.text,
       ${MATCHES} AS matches
     FROM heads h CROSS JOIN hidden_senders CROSS JOIN blocked_either_way ${READ_STATE_OF_HEAD}
     CROSS JOIN LATERAL (
       SELECT * FROM messages x
       WHERE x.conversation_id = h.id AND x.seq <= h.edge AND x.seq > greatest(h.low, h.edge - ${SHARE})
       ORDER BY x.seq DESC LIMIT ${SHARE}) x
     WHERE h.place <= $2
   ), unseen AS MATERIALIZED (
     SELECT at, id, seq FROM (
       SELECT edge_at AS at, id, edge AS seq FROM heads WHERE place = $2 + 1
       UNION ALL SELECT min(sent_at), id, min(seq) - 1 FROM looked GROUP BY id, far HAVING min(seq) > far + 1) z
     ORDER BY at DESC, id DESC, seq DESC LIMIT 1
   )
   SELECT ${COLUMNS}
   FROM (SELECT 1) one LEFT JOIN unseen e ON true
   LEFT JOIN looked l ON l.matches AND (e.at IS NULL OR (l.sent_at, l.id, l.seq) > (e.at, e.id, e.seq))
   ORDER BY l.sent_at DESC, l.id DESC, l.seq DESC LIMIT $2`;

/** The same, oldest first, after the place: the lowest place of each conversation, and what is older than the lowest not looked at. */
const oldest = (only: string): string => `
   WITH RECURSIVE ${stretches(only)},
   conv AS MATERIALIZED (
     SELECT t.*, (t.low_at, t.id, t.low + 1) > ($4::timestamptz, $5::uuid, $6::bigint) AS whole
     FROM (
       SELECT a.*, (SELECT y.sent_at FROM messages y WHERE y.conversation_id = a.id AND y.seq = a.low + 1) AS low_at
       FROM stretch a
       WHERE a.top > a.low AND (a.last_at, a.id, a.last_seq) > ($4::timestamptz, $5::uuid, $6::bigint)) t
   ), cut AS (
     SELECT id, low + 2 AS lo, top + 1 AS hi FROM conv WHERE NOT whole
     UNION ALL
     SELECT c.id, CASE WHEN y.ahead THEN c.lo ELSE y.mid + 1 END, CASE WHEN y.ahead THEN y.mid ELSE c.hi END
     FROM cut c CROSS JOIN LATERAL (
       SELECT z.seq AS mid, (z.sent_at, z.conversation_id, z.seq) > ($4::timestamptz, $5::uuid, $6::bigint) AS ahead
       FROM messages z WHERE z.conversation_id = c.id AND z.seq = (c.lo + c.hi) / 2 OFFSET 0) y
     WHERE c.lo < c.hi
   ), heads AS MATERIALIZED (
     SELECT a.*, row_number() OVER (ORDER BY edge_at, id) AS place FROM (
       SELECT id, ${CONVERSATION_FIELDS}, top, low + 1 AS edge, low_at AS edge_at FROM conv WHERE whole
       UNION ALL
       SELECT c.id, ${CONVERSATION_FIELDS}, c.top, t.lo,
         (SELECT z.sent_at FROM messages z WHERE z.conversation_id = c.id AND z.seq = t.lo)
       FROM cut t JOIN conv c ON c.id = t.id WHERE t.lo >= t.hi AND t.lo <= c.top
       ORDER BY edge_at, id LIMIT $2 + 1) a
   ), looked AS MATERIALIZED (
     SELECT h.id, ${CONVERSATION_FIELDS}, h.top AS far, x.seq, x.sent_at, x.sender_id, x.client_message_id, x.text,
       ${MATCHES} AS matches
     FROM heads h CROSS JOIN hidden_senders CROSS JOIN blocked_either_way ${READ_STATE_OF_HEAD}
     CROSS JOIN LATERAL (
       SELECT * FROM messages x
       WHERE x.conversation_id = h.id AND x.seq >= h.edge AND x.seq <= least(h.top, h.edge + ${SHARE} - 1)
       ORDER BY x.seq LIMIT ${SHARE}) x
     WHERE h.place <= $2
   ), unseen AS MATERIALIZED (
     SELECT at, id, seq FROM (
       SELECT edge_at AS at, id, edge AS seq FROM heads WHERE place = $2 + 1
       UNION ALL SELECT max(sent_at), id, max(seq) + 1 FROM looked GROUP BY id, far HAVING max(seq) < far) z
     ORDER BY at, id, seq LIMIT 1
   )
   SELECT ${COLUMNS}
   FROM (SELECT 1) one LEFT JOIN unseen e ON true
   LEFT JOIN looked l ON l.matches AND (e.at IS NULL OR (l.sent_at, l.id, l.seq) < (e.at, e.id, e.seq))
   ORDER BY l.sent_at, l.id, l.seq LIMIT $2`;

/** Within one conversation the same statements begin at members_pkey instead of members_user. */
const ONE = 'AND m.conversation_id = $11';

/** Indexes: members_user, conversations_pkey, messages_pkey, members_pkey for read states, blocks_pkey, blocks_blocked. */
const NEWEST = statement<ListParams, ListRow>('messages.list-newest', newest(''));
/** Indexes: members_user, conversations_pkey, messages_pkey, members_pkey for read states, blocks_pkey, blocks_blocked. */
const OLDEST = statement<ListParams, ListRow>('messages.list-oldest', oldest(''));
/** Indexes: members_user, conversations_pkey, messages_pkey, members_pkey for read states, blocks_pkey, blocks_blocked. */
const NEWEST_IN = statement<[...ListParams, ConversationId], ListRow>('messages.list-newest-in', newest(ONE));
/** Indexes: members_user, conversations_pkey, messages_pkey, members_pkey for read states, blocks_pkey, blocks_blocked. */
const OLDEST_IN = statement<[...ListParams, ConversationId], ListRow>('messages.list-oldest-in', oldest(ONE));

@Injectable()
export class MessageListRepository {
  /** At most `limit` messages that match, beyond `from` in the order asked for. */
  async list(
    tx: Tx,
    userId: UserId,
    filter: ListFilter,
    order: 'newest' | 'oldest',
    { limit, from, reach }: { limit: number; from: ListKey; reach: ScanLimit },
  ): Promise<Listed> {
    const { conversationId, senderId = null, toMeDirectly, read } = filter;
    const params: ListParams = [
      userId,
      limit,
      reach.perConversation,
      from.sentAt,
      from.conversationId,
      from.seq,
      senderId,
      toMeDirectly,
      read,
      reach.inAll,
    ];
    const isNewest = order === 'newest';
    const rows = await (conversationId === undefined
      ? tx.db.many(isNewest ? NEWEST : OLDEST, ...params)
      : tx.db.many(isNewest ? NEWEST_IN : OLDEST_IN, ...params, conversationId));
    return { messages: rows.filter(({ seq }) => seq !== null), unseenFrom: edgeOf(rows[0]) };
  }
}

function edgeOf(row: ListRow | undefined): ListKey | null {
  if (!row || row.edgeAt === null || row.edgeId === null || row.edgeSeq === null) return null;
  return { sentAt: row.edgeAt.toISOString(), conversationId: row.edgeId, seq: row.edgeSeq };
}
