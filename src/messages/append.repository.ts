import { Injectable } from '@nestjs/common';
import { violates } from '../database/errors.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import type { ConversationId, UserId } from '../common/ids.js';

/** A message to store, complete but for its number. */
export interface Send {
  readonly conversationId: ConversationId;
  readonly senderId: UserId;
  /** The other user of a direct conversation (the sender, in a conversation with oneself); null for a group. */
  readonly recipientId: UserId | null;
  readonly clientMessageId: string | null;
  readonly text: string;
}

/**
 * The outcome of a send. `new`: stored; `repeated`: stored before, under the same clientMessageId; the others: refused,
 * nothing stored.
 */
export type Outcome = 'new' | 'repeated' | 'reused' | 'no-conversation' | 'not-a-member' | 'no-recipient' | 'blocked';

export interface Appended {
  readonly outcome: Outcome;
  /** Number and time of the message that was stored, now or before; null if none was. */
  readonly seq: number | null;
  readonly sentAt: Date | null;
  /** The conversation's members_version while its row was locked; null if there is no conversation. */
  readonly membersVersion: number | null;
}

/**
 * Many sends, one statement, one commit. Returns one row per send, in their order.
 *
 * Locks the conversations FOR NO KEY UPDATE in id order (in any other order it deadlocks with itself). It sees
 * members, blocks and earlier clientMessageIds as of its start; a concurrent repeat violates messages_client_message_id. The
 * caller must not give the same clientMessageId twice in one call. A send without a recipient to a direct conversation is
 * refused: its id in place of a group's would evade blocks. The time is taken once per conversation, after its lock, so
 * sent_at never goes back.
 *
 * Indexes: conversations_pkey, members_pkey, blocks_pkey, messages_client_message_id.
 */
const APPEND = statement<
  [
    conversationIds: readonly ConversationId[],
    senderIds: readonly UserId[],
    recipientIds: readonly (UserId | null)[],
    clientMessageIds: readonly (string | null)[],
    texts: readonly string[],
  ],
  Appended
>(
  'messages.append',
  `WITH input AS MATERIALIZED (
     SELECT i.* FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
       WITH ORDINALITY AS i(conversation_id, sender_id, recipient_id, client_message_id, text, ord)
   ), locked AS MATERIALIZED (
     SELECT c.id, c.kind, c.last_seq, c.last_at, c.members_version
     FROM conversations c WHERE c.id = ANY ($1::uuid[]) AND c.deleted_at IS NULL
     ORDER BY c.id FOR NO KEY UPDATE
   ), stamped AS MATERIALIZED (
     SELECT l.*, greatest(clock_timestamp()::timestamptz(3), l.last_at) AS now_at FROM locked l
   ), checked AS MATERIALIZED (
     SELECT i.*, s.last_seq, s.now_at, s.members_version, p.seq AS prior_seq, p.sent_at AS prior_at,
       CASE
         WHEN s.id IS NULL OR (s.kind = 1) <> (i.recipient_id IS NULL) THEN 'no-conversation'
         WHEN p.seq IS NOT NULL THEN CASE WHEN p.text = i.text THEN 'repeated' ELSE 'reused' END
         WHEN (SELECT true FROM members m
               WHERE m.conversation_id = i.conversation_id AND m.user_id = i.sender_id) IS NULL THEN 'not-a-member'
         WHEN i.recipient_id IS NULL THEN 'new'
         WHEN (SELECT true FROM members m
               WHERE m.conversation_id = i.conversation_id AND m.user_id = i.recipient_id) IS NULL THEN 'no-recipient'
         WHEN (SELECT true FROM blocks b
               WHERE b.blocker_id = i.recipient_id AND b.blocked_id = i.sender_id) THEN 'blocked'
         ELSE 'new'
       END AS outcome
     FROM input i
     LEFT JOIN stamped s ON s.id = i.conversation_id
     LEFT JOIN LATERAL (
       SELECT m.seq, m.text, m.sent_at FROM messages m
       WHERE m.conversation_id = i.conversation_id AND m.sender_id = i.sender_id
         AND m.client_message_id = i.client_message_id AND m.client_message_id IS NOT NULL
       LIMIT 1) p ON true
   ), numbered AS MATERIALIZED (
     SELECT k.*, k.last_seq + row_number() OVER (PARTITION BY k.conversation_id ORDER BY k.ord) AS seq
     FROM checked k WHERE k.outcome = 'new'
   ), bumped AS (
     UPDATE conversations c SET last_seq = n.last_seq, last_at = n.now_at
     FROM (SELECT conversation_id, max(seq) AS last_seq, max(now_at) AS now_at
           FROM numbered GROUP BY conversation_id) n
     WHERE c.id = n.conversation_id
   ), inserted AS (
     INSERT INTO messages (conversation_id, seq, sender_id, client_message_id, text, sent_at)
     SELECT conversation_id, seq, sender_id, client_message_id, text, now_at FROM numbered ORDER BY conversation_id, seq
   )
   SELECT k.outcome, coalesce(n.seq, k.prior_seq) AS seq, coalesce(n.now_at, k.prior_at) AS "sentAt",
     k.members_version AS "membersVersion"
   FROM checked k LEFT JOIN numbered n ON n.ord = k.ord
   ORDER BY k.ord`,
);

@Injectable()
export class AppendRepository {
  /**
   * Stores the messages that are not refused, in one commit. @returns one outcome per send, in their order
   * @throws an error for which `isRacingRepeat` is true: the same call again sees the other message
   */
  append(tx: Tx, sends: readonly Send[]): Promise<Appended[]> {
    return tx.db.many(
      APPEND,
      sends.map((send) => send.conversationId),
      sends.map((send) => send.senderId),
      sends.map((send) => send.recipientId),
      sends.map((send) => send.clientMessageId),
      sends.map((send) => send.text),
    );
  }
}

/** Whether the same clientMessageId was being stored by another statement at the same moment. */
export const isRacingRepeat = (error: unknown): boolean => violates(error, 'messages_client_message_id');
