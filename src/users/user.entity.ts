import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An account. A removed one keeps its row, without names, so that its messages still have a sender. */
@Entity('users')
// Serves the search by display name; TypeORM cannot express it, so only the migration makes it:
// (lower(display_name) COLLATE "C", id) WHERE deleted_at IS NULL
@Index('users_display_name', { synchronize: false })
@Check('users_username_lower', `"username" = lower("username")`)
export class UserEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id: string;

  /** In lower case. Collation C, so that the unique index also serves the search by prefix. */
  @Index('users_username', { unique: true })
  @Column({ type: 'varchar', length: 32, nullable: true, collation: 'C' })
  username: string | null;

  @Index('users_external_id', { unique: true })
  @Column('varchar', { name: 'external_id', length: 128, nullable: true })
  externalId: string | null;

  @Column('varchar', { name: 'display_name', length: 80 })
  displayName: string;

  /** Increases with each block and unblock that the user makes. */
  @Column('bigint', { name: 'blocks_version', default: 0 })
  blocksVersion: number;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;
}
