import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One row for "blocker has blocked blocked". */
@Entity('blocks')
@Index('blocks_blocked', ['blockedId', 'blockerId'])
export class BlockEntity {
  @PrimaryColumn('uuid', { name: 'blocker_id', primaryKeyConstraintName: 'blocks_pkey' })
  blockerId: string;

  @PrimaryColumn('uuid', { name: 'blocked_id', primaryKeyConstraintName: 'blocks_pkey' })
  blockedId: string;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
