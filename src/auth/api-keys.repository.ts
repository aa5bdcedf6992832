import { Injectable } from '@nestjs/common';
import { Db } from '../database/db.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/unit-of-work.js';
import { ApiKeyEntity } from './api-key.entity.js';

const COLUMNS = `id, name, key_hash AS "keyHash", scopes, created_at AS "createdAt", last_used_at AS "lastUsedAt",
  revoked_at AS "revokedAt"`;

/** Index: api_keys_key_hash. */
const BY_HASH = statement<[hash: string], ApiKeyEntity>(
  'api-keys.by-hash',
  `SELECT ${COLUMNS} FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL`,
);

/** Index: api_keys_pkey. Writes at most once a minute, however many processes use the key. */
const NOTE_USE = statement<[id: string], never>(
  'api-keys.note-use',
  `UPDATE api_keys SET last_used_at = now()
   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
);

/** Index: api_keys_pkey, backwards: the newest first. */
const LIST = statement<[beforeId: string, limit: number], ApiKeyEntity>(
  'api-keys.list',
  `SELECT ${COLUMNS} FROM api_keys WHERE id < $1 ORDER BY id DESC LIMIT $2`,
);

/** Index: api_keys_pkey. If the key is revoked already, the first time stays. */
const REVOKE = statement<[id: string], never>(
  'api-keys.revoke',
  `UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1`,
);

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly db: Db) {}

  /** Never a revoked one. */
  findByHash(hash: string): Promise<ApiKeyEntity | undefined> {
    return this.db.maybe(BY_HASH, hash);
  }

  async noteUse(id: string): Promise<void> {
    await this.db.change(NOTE_USE, id);
  }

  list(beforeId: string, limit: number): Promise<ApiKeyEntity[]> {
    return this.db.many(LIST, beforeId, limit);
  }

  async insert(tx: Tx, key: Pick<ApiKeyEntity, 'id' | 'name' | 'keyHash' | 'scopes'>): Promise<ApiKeyEntity> {
    const row = tx.orm.create(ApiKeyEntity, key);
    await tx.orm.insert(ApiKeyEntity, row); // fills in the defaults of the table
    return row;
  }

  /** Whether there is such a key. */
  async revoke(tx: Tx, id: string): Promise<boolean> {
    return (await tx.db.change(REVOKE, id)) === 1;
  }
}
