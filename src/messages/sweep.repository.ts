import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/ids.js';
import { Db } from '../database/db.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/unit-of-work.js';

/** Messages of one step: it takes a few milliseconds, so that its locks delay nobody. */
const STEP = 1_000;

/** Index: conversations_deleted. */
const DELETED = statement<[limit: number], { id: ConversationId }>(
  'messages.deleted-conversations',
  `SELECT id FROM conversations WHERE deleted_at IS NOT NULL ORDER BY id LIMIT $1`,
);

/** Lowers last_seq with the messages, so that after a restart the sweep continues at the same message. Locks the row. */
const STEP_DOWN = statement<[id: ConversationId], { lastSeq: number }>(
  'messages.sweep-step',
  `UPDATE conversations SET last_seq = greatest(last_seq - ${STEP}, 0)
   WHERE id = $1 AND deleted_at IS NOT NULL AND last_seq > 0 RETURNING last_seq AS "lastSeq"`,
);

/** Index: messages_pkey. */
const DELETE_MESSAGES = statement<[conversationId: ConversationId, afterSeq: number], never>(
  'messages.sweep-messages',
  `DELETE FROM messages WHERE conversation_id = $1 AND seq > $2 AND seq <= $2 + ${STEP}`,
);

/** Index: conversations_pkey. */
const DELETE_CONVERSATION = statement<[id: ConversationId], never>(
  'messages.sweep-conversation',
  `DELETE FROM conversations WHERE id = $1 AND deleted_at IS NOT NULL AND last_seq = 0`,
);

@Injectable()
export class SweepRepository {
  constructor(private readonly db: Db) {}

  /** Some conversations that are marked deleted. */
  async deleted(limit: number): Promise<ConversationId[]> {
    const rows = await this.db.many(DELETED, limit);
    return rows.map(({ id }) => id);
  }

  /** Deletes the newest messages, or, if none is left, the conversation. @returns whether there is more to do */
  async step(tx: Tx, id: ConversationId): Promise<boolean> {
    const row = await tx.db.maybe(STEP_DOWN, id);
    if (row) await tx.db.change(DELETE_MESSAGES, id, row.lastSeq);
    else await tx.db.change(DELETE_CONVERSATION, id);
    return row !== undefined;
  }
}
