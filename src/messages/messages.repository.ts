import { Injectable } from '@nestjs/common';
import type { ConversationId, MessageRef, UserId } from '../common/ids.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { BLOCKED_EITHER_WAY, MESSAGE_COLUMNS, VIEW_COLUMNS, type SeenMessage } from './seen-message.js';

/** One message, if $1 may see it. Indexes: messages_pkey, members_pkey, conversations_pkey, blocks_pkey. */
const FIND = statement<[userId: UserId, conversationId: ConversationId, seq: number], SeenMessage>(
  'messages.find',
  `SELECT m.conversation_id AS "conversationId", ${MESSAGE_COLUMNS}, ${VIEW_COLUMNS}
   FROM members m
   JOIN conversations c ON c.id = m.conversation_id
   JOIN messages x ON x.conversation_id = m.conversation_id AND x.seq = $3 AND x.seq > m.joined_seq
   WHERE m.conversation_id = $2 AND m.user_id = $1
     AND (c.kind = 0 OR NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = $1 AND b.blocked_id = x.sender_id))`,
);

/** How far the other members have read, except those blocked either way. Null if there are no others. */
export interface ReadState {
  readonly conversationId: ConversationId;
  /** The lowest joinedSeq of the others: messages up to it are older than every other membership. */
  readonly firstJoined: number | null;
  readonly leastRead: number | null;
}

/**
 * Once per conversation, not per message: 1 to 2.5 ms in a group of 10,000. A member who joined at or after a message has
 * readSeq >= its seq already, so the two minima are enough (see `isReadByOthers`).
 * Indexes: members_pkey; blocks_pkey and blocks_blocked for blocks in either direction.
 */
const READ_STATES = statement<[userId: UserId, conversationIds: readonly ConversationId[]], ReadState>(
  'messages.read-states',
  `WITH blocked_either_way AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM (${BLOCKED_EITHER_WAY}) b(id))
   SELECT i.id AS "conversationId", s."firstJoined", s."leastRead"
   FROM unnest($2::uuid[]) AS i(id) CROSS JOIN blocked_either_way CROSS JOIN LATERAL (
     SELECT min(o.joined_seq) AS "firstJoined", min(o.read_seq) AS "leastRead"
     FROM members o WHERE o.conversation_id = i.id AND o.user_id <> $1 AND o.user_id <> ALL (blocked_either_way.ids)) s`,
);

/** `read` of the user's own message: every other member who joined before it (joinedSeq < seq) has read it. */
export const isReadByOthers = (seq: number, { firstJoined, leastRead }: Omit<ReadState, 'conversationId'>): boolean =>
  firstJoined !== null && leastRead !== null && firstJoined < seq && seq <= leastRead;

/** Whether one other member has received and read a message. */
export interface ReceiptRow {
  readonly userId: UserId;
  readonly delivered: boolean;
  readonly read: boolean;
}

/** The other members who joined before a message, in the order of their ids. Indexes: members_pkey, from the cursor on; blocks_pkey and blocks_blocked for blocks in either direction. */
const RECEIPTS = statement<
  [userId: UserId, conversationId: ConversationId, seq: number, afterUserId: UserId, limit: number],
  ReceiptRow
>(
  'messages.receipts',
  `WITH blocked_either_way AS MATERIALIZED (SELECT coalesce(array_agg(id), '{}') AS ids FROM (${BLOCKED_EITHER_WAY}) b(id))
   SELECT o.user_id AS "userId", o.delivered_seq >= $3 AS delivered, o.read_seq >= $3 AS read
   FROM members o
   WHERE o.conversation_id = $2 AND o.user_id > $4 AND o.user_id <> $1 AND o.joined_seq < $3
     AND o.user_id <> ALL ((SELECT ids FROM blocked_either_way)::uuid[])
   ORDER BY o.user_id LIMIT $5`,
);

@Injectable()
export class MessagesRepository {
  /** The message, or undefined where there is none or the user may not see it. */
  find(tx: Tx, userId: UserId, { conversationId, seq }: MessageRef): Promise<SeenMessage | undefined> {
    return tx.db.maybe(FIND, userId, conversationId, seq);
  }

  /** How far others have read, by conversation. */
  async readStates(
    tx: Tx,
    userId: UserId,
    conversationIds: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, ReadState>> {
    if (conversationIds.length === 0) return new Map();
    const states = await tx.db.many(READ_STATES, userId, conversationIds);
    return new Map(states.map((state) => [state.conversationId, state]));
  }

  /** The receipts after one user id (LOWEST_ID: from the first), at most `limit`. */
  receipts(tx: Tx, userId: UserId, place: MessageRef, afterUserId: UserId, limit: number): Promise<ReceiptRow[]> {
    return tx.db.many(RECEIPTS, userId, place.conversationId, place.seq, afterUserId, limit);
  }
}
