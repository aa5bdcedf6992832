import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The values of `members.role`: a higher role may do more. */
export const RoleNumber = { member: 0, admin: 1, owner: 2 } as const;
export type RoleNumber = (typeof RoleNumber)[keyof typeof RoleNumber];

/** A user in a conversation. Always joinedSeq <= readSeq <= deliveredSeq <= lastSeq. */
@Entity('members')
@Index('members_user', ['userId', 'conversationId'])
export class MemberEntity {
  @PrimaryColumn('uuid', { name: 'conversation_id', primaryKeyConstraintName: 'members_pkey' })
  conversationId: string;

  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'members_pkey' })
  userId: string;

  @Column('smallint', { default: 0 })
  role: RoleNumber;

  /** The number of the newest message when they joined: they see the later ones. */
  @Column('bigint', { name: 'joined_seq', default: 0 })
  joinedSeq: number;

  @Column('bigint', { name: 'delivered_seq', default: 0 })
  deliveredSeq: number;

  @Column('bigint', { name: 'read_seq', default: 0 })
  readSeq: number;

  @Column({ type: 'timestamptz', name: 'joined_at', precision: 3, default: () => 'now()' })
  joinedAt: Date;
}
