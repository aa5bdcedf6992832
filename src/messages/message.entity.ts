import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { MAX_MESSAGE_LENGTH } from '../common/text.js';

/** One entry of a log. The primary key is the only index, except for the one that makes clientMessageId unique. */
@Entity('messages')
@Index('messages_client_message_id', ['conversationId', 'senderId', 'clientMessageId'], {
  unique: true,
  where: 'client_message_id IS NOT NULL',
})
export class MessageEntity {
  @PrimaryColumn('uuid', { name: 'conversation_id', primaryKeyConstraintName: 'messages_pkey' })
  conversationId: string;

  /** 1, 2, 3, … without a gap. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'messages_pkey' })
  seq: number;

  @Column('uuid', { name: 'sender_id' })
  senderId: string;

  @Column('uuid', { name: 'client_message_id', nullable: true })
  clientMessageId: string | null;

  @Column('varchar', { length: MAX_MESSAGE_LENGTH })
  text: string;

  /** Never goes back within a conversation. */
  @Column({ type: 'timestamptz', name: 'sent_at', precision: 3 })
  sentAt: Date;
}
