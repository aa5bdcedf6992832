import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One login. */
@Entity('sessions')
@Index('sessions_user', ['userId', 'id'])
export class SessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sessions_pkey' })
  id: string;

  @Column('uuid', { name: 'user_id' })
  userId: string;

  /** The number of the current refresh token. */
  @Column('integer', { name: 'refresh_number', default: 1 })
  refreshNumber: number;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'last_used_at', precision: 3, default: () => 'now()' })
  lastUsedAt: Date;

  @Column({ type: 'timestamptz', name: 'expires_at', precision: 3 })
  expiresAt: Date;

  /** The User-Agent of the login, cut to 200 characters. */
  @Column('varchar', { length: 200, default: '' })
  device: string;
}
