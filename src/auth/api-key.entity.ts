import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Scope } from '../common/caller.js';

/** An application's key: shown once, stored hashed. */
@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column('varchar', { length: 80 })
  name: string;

  /** SHA-256 of the key, base64url: the key itself has 256 random bits, so a slow hash would add nothing. */
  @Index('api_keys_key_hash', { unique: true })
  @Column('varchar', { name: 'key_hash', length: 43 })
  keyHash: string;

  @Column('text', { array: true })
  scopes: Scope[];

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'last_used_at', precision: 3, nullable: true })
  lastUsedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'revoked_at', precision: 3, nullable: true })
  revokedAt: Date | null;
}
