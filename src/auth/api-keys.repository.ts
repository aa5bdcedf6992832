import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Raw, Repository } from 'typeorm';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { ApiKeyEntity } from './api-key.entity.js';

const COLUMNS = `id, name, key_hash AS "keyHash", scopes, created_at AS "createdAt", last_used_at AS "lastUsedAt",
  revoked_at AS "revokedAt"`;

/** Index: api_keys_key_hash. */
const BY_HASH = statement<[hash: string], ApiKeyEntity>(
  'api-keys.by-hash',
  `SELECT ${COLUMNS} FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL`,
);

@Injectable()
export class ApiKeysRepository {
  constructor(@InjectRepository(ApiKeyEntity, DATA_SOURCE) private readonly rows: Repository<ApiKeyEntity>) {}

  /** Never a revoked one. */
  findByHash(tx: Tx, hash: string): Promise<ApiKeyEntity | undefined> {
    return tx.db.maybe(BY_HASH, hash);
  }

  /** Writes at most once a minute, however many processes use the key. */
  async noteUse(tx: Tx, id: string): Promise<void> {
    const isOlder = Raw((at) => `(${at} IS NULL OR ${at} < now() - interval '1 minute')`);
    await tx.manager.withRepository(this.rows).update({ id, lastUsedAt: isOlder }, { lastUsedAt: () => 'now()' });
  }

  /** The newest first. Index: api_keys_pkey, backwards. */
  list(tx: Tx, beforeId: string, limit: number): Promise<ApiKeyEntity[]> {
    return tx.manager
      .withRepository(this.rows)
      .find({ where: { id: LessThan(beforeId) }, order: { id: 'DESC' }, take: limit });
  }

  async insert(tx: Tx, key: Pick<ApiKeyEntity, 'id' | 'name' | 'keyHash' | 'scopes'>): Promise<ApiKeyEntity> {
    const rows = tx.manager.withRepository(this.rows);
    const row = rows.create(key);
    await rows.insert(row); // fills in what the table sets by itself
    return row;
  }

  /** Whether there is such a key. Of one that is revoked already the first time stays. */
  async revoke(tx: Tx, id: string): Promise<boolean> {
    const revokedAt = (): string => 'coalesce(revoked_at, now())';
    const { affected } = await tx.manager.withRepository(this.rows).update({ id }, { revokedAt });
    return affected === 1;
  }
}
