import { Injectable } from '@nestjs/common';
import type { ConversationId, UserId } from '../common/ids.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { HIDDEN_SENDERS, MESSAGE_COLUMNS, VIEW_COLUMNS, type SeenMessage } from './seen-message.js';

/** One message that was looked at, and the membership it was read in; for an empty window, the membership alone. */
export type WindowRow = WindowHead &
  (({ readonly seq: number; readonly visible: boolean } & SeenMessage) | { readonly seq: null });

/** The membership and the head of the log, read in the same statement as the window. */
export interface WindowHead {
  readonly conversationId: ConversationId;
  readonly joinedSeq: number;
  readonly lastSeq: number;
}

const COLUMNS = `m.conversation_id AS "conversationId", m.joined_seq AS "joinedSeq", c.last_seq AS "lastSeq",
     ${VIEW_COLUMNS}, ${MESSAGE_COLUMNS}, (c.kind = 0 OR x.sender_id <> ALL (hidden_senders.ids)) AS visible`;

/**
 * For each conversation that $1 is a member of, the oldest $4 messages after a number. For a conversation without such
 * messages it returns one row, with its head; for one that the user is not in, none. Messages of hidden senders are looked
 * at, so they count. Indexes: members_pkey, conversations_pkey, messages_pkey from the number on, blocks_pkey.
 */
const AFTER = statement<
  [userId: UserId, conversationIds: readonly ConversationId[], afterSeqs: readonly number[], limit: number],
  WindowRow
>(
  'messages.windows-after',
  `WITH hidden_senders AS MATERIALIZED (${HIDDEN_SENDERS})
   SELECT ${COLUMNS}
   FROM unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS i(id, after_seq, ord)
   JOIN members m ON m.conversation_id = i.id AND m.user_id = $1
   JOIN conversations c ON c.id = i.id
   CROSS JOIN hidden_senders
   LEFT JOIN LATERAL (
     SELECT * FROM messages x
     WHERE x.conversation_id = i.id AND x.seq > greatest(i.after_seq, m.joined_seq) ORDER BY x.seq LIMIT $4) x ON true
   ORDER BY i.ord, x.seq`,
);

/** The newest $4 messages of one conversation before a number. Otherwise like AFTER.
 * Indexes: members_pkey, conversations_pkey, messages_pkey backwards, blocks_pkey. */
const BEFORE = statement<[userId: UserId, conversationId: ConversationId, beforeSeq: number, limit: number], WindowRow>(
  'messages.window-before',
  `WITH hidden_senders AS MATERIALIZED (${HIDDEN_SENDERS})
   SELECT ${COLUMNS}
   FROM members m
   JOIN conversations c ON c.id = m.conversation_id
   CROSS JOIN hidden_senders
   LEFT JOIN LATERAL (
     SELECT * FROM messages x
     WHERE x.conversation_id = $2 AND x.seq < $3 AND x.seq > m.joined_seq ORDER BY x.seq DESC LIMIT $4) x ON true
   WHERE m.conversation_id = $2 AND m.user_id = $1
   ORDER BY x.seq DESC`,
);

@Injectable()
export class WindowsRepository {
  /** What follows each position, oldest first, conversation by conversation in the order given. */
  after(
    tx: Tx,
    userId: UserId,
    positions: readonly { readonly conversationId: ConversationId; readonly seq: number }[],
    limit: number,
  ): Promise<WindowRow[]> {
    const ids = positions.map(({ conversationId }) => conversationId);
    const seqs = positions.map(({ seq }) => seq);
    return tx.db.many(AFTER, userId, ids, seqs, limit);
  }

  /** What comes before a number, newest first. */
  before(
    tx: Tx,
    userId: UserId,
    conversationId: ConversationId,
    beforeSeq: number,
    limit: number,
  ): Promise<WindowRow[]> {
    return tx.db.many(BEFORE, userId, conversationId, beforeSeq, limit);
  }
}
