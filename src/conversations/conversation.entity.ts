import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The values of `conversations.kind`. */
export const Kind = { direct: 0, group: 1 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/**
 * A direct pair or a group: the head of one log. Narrow, fillfactor 70, and no index on anything that a send
 * changes, so that each send is a HOT update.
 */
@Entity('conversations')
@Index('conversations_deleted', ['id'], { where: 'deleted_at IS NOT NULL' })
export class ConversationEntity {
  /** A group's id, or the id computed from the two users. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversations_pkey' })
  id: string;

  @Column('smallint')
  kind: Kind;

  /** Groups only. */
  @Column('varchar', { length: 80, nullable: true })
  name: string | null;

  /** The two users of a direct conversation, the lower id first; they stay when a members row is deleted. */
  @Column('uuid', { name: 'user_a', nullable: true })
  userA: string | null;

  @Column('uuid', { name: 'user_b', nullable: true })
  userB: string | null;

  /** The number of the newest message. */
  @Column('bigint', { name: 'last_seq', default: 0 })
  lastSeq: number;

  /** When the newest message was sent; if there is none, when the conversation was created. */
  @Column({ type: 'timestamptz', name: 'last_at', precision: 3, default: () => 'now()' })
  lastAt: Date;

  /** Goes up with every join, leave and removal. */
  @Column('bigint', { name: 'members_version', default: 1 })
  membersVersion: number;

  @Column('integer', { name: 'member_count', default: 0 })
  memberCount: number;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  /** Set when the last member leaves or the group is deleted; its messages are deleted afterwards (SweepService). */
  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;
}
