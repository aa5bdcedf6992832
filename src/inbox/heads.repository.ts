import { Injectable } from '@nestjs/common';
import type { ConversationId, UserId } from '../common/ids.js';
import type { Kind } from '../conversations/conversation.entity.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { BLOCKED_EITHER_WAY, HIDDEN_SENDERS, MESSAGE_COLUMNS, VIEW_COLUMNS } from '../messages/seen-message.js';

/** Rows looked at for the last visible message: beyond them it is not shown. */
const LAST_MESSAGE_ROWS = 100;
/** Rows looked at for the count of unread messages: beyond them it is not counted. */
const UNREAD_ROWS = 1_000;

/** A conversation as one of its members sees it, with its last visible message if there is one (seq not null). */
export interface HeadRow {
  readonly conversationId: ConversationId;
  readonly kind: Kind;
  readonly name: string | null;
  readonly memberCount: number;
  readonly userA: UserId | null;
  readonly userB: UserId | null;
  readonly lastSeq: number;
  readonly lastAt: Date;
  readonly joinedSeq: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly unread: number;
  /** The other of a direct conversation; null if there is none, or a block in either direction. */
  readonly peerReadSeq: number | null;
  readonly peerDeliveredSeq: number | null;
  readonly seq: number | null;
  readonly senderId: UserId;
  readonly clientMessageId: string | null;
  readonly text: string;
  readonly sentAt: Date;
}

const MEMBERSHIPS = `members m JOIN conversations c ON c.id = m.conversation_id
     WHERE m.user_id = $1 AND (c.kind = 1 OR c.last_seq > 0)`;

/** Heads of the memberships that `page` selects, newest first. Per head at most 100 + 1,000 rows of messages_pkey. */
const heads = (page: string): string => `
   WITH hidden_senders AS MATERIALIZED (${HIDDEN_SENDERS}),
   blocked_either_way AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM (${BLOCKED_EITHER_WAY}) b(id)),
   page AS MATERIALIZED (
     SELECT m.conversation_id AS id, ${VIEW_COLUMNS}, c.name, c.member_count AS "memberCount", c.last_seq, c.last_at,
       m.joined_seq, m.read_seq, m.delivered_seq, CASE WHEN c.user_a = $1 THEN c.user_b ELSE c.user_a END AS peer
     FROM ${page}
   )
   SELECT p.id AS "conversationId", p.kind, p.name, p."memberCount", p."userA", p."userB", p.last_seq AS "lastSeq",
     p.last_at AS "lastAt", p.joined_seq AS "joinedSeq", p."readSeq", p.delivered_seq AS "deliveredSeq", u.unread,
     o.read_seq AS "peerReadSeq", o.delivered_seq AS "peerDeliveredSeq", ${MESSAGE_COLUMNS}
   FROM page p CROSS JOIN hidden_senders CROSS JOIN blocked_either_way
   LEFT JOIN members o
     ON o.conversation_id = p.id AND o.user_id = p.peer AND p.peer <> $1 AND p.peer <> ALL (blocked_either_way.ids)
   LEFT JOIN LATERAL (
     SELECT y.* FROM (
       SELECT * FROM messages z
       WHERE z.conversation_id = p.id AND z.seq <= p.last_seq
         AND z.seq > greatest(p.joined_seq, p.last_seq - ${LAST_MESSAGE_ROWS})
       ORDER BY z.seq DESC LIMIT ${LAST_MESSAGE_ROWS}) y
     WHERE p.kind = 0 OR y.sender_id <> ALL (hidden_senders.ids)
     ORDER BY y.seq DESC LIMIT 1) x ON true
   CROSS JOIN LATERAL (
     SELECT count(*)::int AS unread FROM messages z
     WHERE z.conversation_id = p.id AND z.seq > p.read_seq AND z.seq <= least(p.last_seq, p.read_seq + ${UNREAD_ROWS})
       AND z.sender_id <> $1 AND (p.kind = 0 OR z.sender_id <> ALL (hidden_senders.ids))) u
   ORDER BY p.last_at DESC, p.id DESC`;

/**
 * The next $2 heads before a key in the order of last_at. Reads every membership of $1. Indexes: members_user,
 * conversations_pkey, messages_pkey, blocks_pkey, blocks_blocked.
 */
const PAGE = statement<[userId: UserId, limit: number, lastAt: string, conversationId: ConversationId], HeadRow>(
  'inbox.heads-page',
  heads(`${MEMBERSHIPS} AND (c.last_at, c.id) < ($3::timestamptz, $4::uuid)
     ORDER BY c.last_at DESC, c.id DESC LIMIT $2`),
);

/** The heads of these conversations. Indexes: members_user, conversations_pkey, messages_pkey, blocks_pkey, blocks_blocked. */
const OF = statement<[userId: UserId, conversationIds: readonly ConversationId[]], HeadRow>(
  'inbox.heads-of',
  heads(`${MEMBERSHIPS} AND m.conversation_id = ANY ($2::uuid[])`),
);

/** Where a client is in one conversation: what it has looked at, in which membership. */
export interface KnownPosition {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly joinedSeq: number;
}

/** A conversation that is ahead of a client, and the seq after which the client continues. */
export interface Ahead {
  readonly conversationId: ConversationId;
  readonly afterSeq: number;
}

/**
 * Conversations, in id order after $5, that are ahead of the given positions, missing from them or joined again; with
 * $6 every group. A position beyond the log (a restored database) or of another membership counts as absent.
 * Indexes: members_user from $5 on, conversations_pkey.
 */
const AHEAD = statement<
  [
    userId: UserId,
    conversationIds: readonly ConversationId[],
    seqs: readonly number[],
    joinedSeqs: readonly number[],
    afterId: ConversationId,
    groupsAnew: boolean,
    limit: number,
  ],
  Ahead
>(
  'inbox.ahead',
  `SELECT m.conversation_id AS "conversationId", CASE WHEN fits THEN p.seq ELSE m.joined_seq END AS "afterSeq"
   FROM members m
   JOIN conversations c ON c.id = m.conversation_id
   LEFT JOIN (SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[])) AS p(id, seq, joined_seq)
     ON p.id = m.conversation_id
   CROSS JOIN LATERAL (SELECT coalesce(
     p.joined_seq = m.joined_seq AND p.seq BETWEEN m.joined_seq AND c.last_seq AND NOT ($6 AND c.kind = 1),
     false) AS fits) f
   WHERE m.user_id = $1 AND m.conversation_id > $5 AND (c.kind = 1 OR c.last_seq > 0) AND NOT (fits AND p.seq = c.last_seq)
   ORDER BY m.conversation_id LIMIT $7`,
);

/** Which of these conversations the user is not in. Index: members_pkey. */
const GONE = statement<
  [userId: UserId, conversationIds: readonly ConversationId[]],
  { readonly conversationId: ConversationId }
>(
  'inbox.gone',
  `SELECT i.id AS "conversationId" FROM unnest($2::uuid[]) AS i(id)
   WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.conversation_id = i.id AND m.user_id = $1)
   ORDER BY i.id`,
);

@Injectable()
export class HeadsRepository {
  /** At most `limit` heads before the place, newest first. */
  page(
    tx: Tx,
    userId: UserId,
    limit: number,
    before: { lastAt: string; conversationId: ConversationId },
  ): Promise<HeadRow[]> {
    return tx.db.many(PAGE, userId, limit, before.lastAt, before.conversationId);
  }

  /** The heads of these conversations that the user is in, newest first. */
  of(tx: Tx, userId: UserId, conversationIds: readonly ConversationId[]): Promise<HeadRow[]> {
    return tx.db.many(OF, userId, conversationIds);
  }

  /** What is ahead of a client, in id order after `afterId`. */
  ahead(
    tx: Tx,
    userId: UserId,
    positions: readonly KnownPosition[],
    options: { afterId: ConversationId; groupsAnew: boolean; limit: number },
  ): Promise<Ahead[]> {
    return tx.db.many(
      AHEAD,
      userId,
      positions.map(({ conversationId }) => conversationId),
      positions.map(({ seq }) => seq),
      positions.map(({ joinedSeq }) => joinedSeq),
      options.afterId,
      options.groupsAnew,
      options.limit,
    );
  }

  async gone(tx: Tx, userId: UserId, conversationIds: readonly ConversationId[]): Promise<ConversationId[]> {
    const rows = await tx.db.many(GONE, userId, conversationIds);
    return rows.map(({ conversationId }) => conversationId);
  }
}
