import type { ConversationId, UserId } from '../common/ids.js';
import type { Kind } from '../conversations/conversation.entity.js';

/** A stored message. */
export interface MessageRow {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly senderId: UserId;
  readonly clientMessageId: string | null;
  readonly text: string;
  readonly sentAt: Date;
}

/** A message's conversation as one member sees it: the parts of a Message that are not in its row. */
export interface ConversationView {
  readonly kind: Kind;
  readonly userA: UserId | null;
  readonly userB: UserId | null;
  /** The member's own marker. */
  readonly readSeq: number;
}

export type SeenMessage = MessageRow & ConversationView;

/** The columns of a MessageRow, from `messages x`. */
export const MESSAGE_COLUMNS = `x.seq, x.sender_id AS "senderId", x.client_message_id AS "clientMessageId", x.text,
     x.sent_at AS "sentAt"`;

/** The columns of a ConversationView, from `conversations c` and `members m`. */
export const VIEW_COLUMNS = `c.kind, c.user_a AS "userA", c.user_b AS "userB", m.read_seq AS "readSeq"`;

/** Whose group messages $1 does not see. */
export const HIDDEN_SENDERS = `SELECT coalesce(array_agg(blocked_id), '{}') AS ids FROM blocks WHERE blocker_id = $1`;

/** Whose markers $1 does not see, and who do not see those of $1: blocks either way. */
export const BLOCKED_EITHER_WAY = `SELECT blocked_id FROM blocks WHERE blocker_id = $1 UNION SELECT blocker_id FROM blocks WHERE blocked_id = $1`;
