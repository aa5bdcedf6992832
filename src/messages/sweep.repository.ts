import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, Repository } from 'typeorm';
import type { ConversationId } from '../common/ids.js';
import { ConversationEntity } from '../conversations/conversation.entity.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';

/** Messages of one step: it takes a few milliseconds, so that its locks delay nobody. */
const STEP = 1_000;

/** Index: conversations_deleted. */
const DELETED = statement<[limit: number], { id: ConversationId }>(
  'messages.deleted-conversations',
  `SELECT id FROM conversations WHERE deleted_at IS NOT NULL ORDER BY id LIMIT $1`,
);

/** Lowers last_seq with the messages, so that after a restart the sweep continues at the same message. Index: conversations_deleted. Locks the row. */
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

@Injectable()
export class SweepRepository {
  constructor(
    @InjectRepository(ConversationEntity, DATA_SOURCE) private readonly rows: Repository<ConversationEntity>,
  ) {}

  /** Some conversations that are marked deleted. */
  async deleted(tx: Tx, limit: number): Promise<ConversationId[]> {
    const rows = await tx.db.many(DELETED, limit);
    return rows.map(({ id }) => id);
  }

  /** Removes the newest messages that are left, or, where none is, the conversation. Answers whether there is more to do. */
  async step(tx: Transaction, id: ConversationId): Promise<boolean> {
    const place = await tx.db.maybe(STEP_DOWN, id);
    if (place) await tx.db.change(DELETE_MESSAGES, id, place.lastSeq);
    else await tx.manager.withRepository(this.rows).delete({ id, deletedAt: Not(IsNull()), lastSeq: 0 });
    return place !== undefined;
  }
}
