import { Injectable } from '@nestjs/common';
import { CursorKind, isId } from '../common/cursor.js';
import { HIGHEST_ID, isUuid, newId } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { apiKeyNotFound } from '../common/problems.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { hashKey, newKey } from './api-key.js';
import type { ApiKeyEntity } from './api-key.entity.js';
import type { ApiKey, ApiKeyPage, CreateApiKey, CreatedApiKey } from './api-keys.dto.js';
import { ApiKeysRepository } from './api-keys.repository.js';

const CURSOR = new CursorKind<[beforeId: string]>('k1', isId);

/** The keys of applications. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: ApiKeysRepository,
  ) {}

  /** Newest first, revoked ones too. */
  async list({ limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<ApiKeyPage> {
    const [beforeId] = cursor === undefined ? [HIGHEST_ID] : CURSOR.decode(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.list(this.work.now, beforeId, atMost),
      ({ id }) => CURSOR.encode(id),
    );
    return { items: rows.map(apiKeyOf), ...next };
  }

  /** Only this answer contains the key itself. */
  async create({ name, scopes }: CreateApiKey): Promise<CreatedApiKey> {
    const key = newKey();
    const row = await this.work.run((tx) =>
      this.repository.insert(tx, { id: newId(), name, scopes, keyHash: hashKey(key) }),
    );
    return { ...apiKeyOf(row), key };
  }

  /** Idempotent. @throws api-key-not-found (404) */
  async revoke(reference: string): Promise<void> {
    const id = reference.toLowerCase();
    if (!isUuid(id)) throw apiKeyNotFound();
    await this.work.run(async (tx) => {
      if (!(await this.repository.revoke(tx, id))) throw apiKeyNotFound();
      tx.emit({ name: 'key.revoked', data: { keyId: id } });
    });
  }
}

function apiKeyOf({ id, name, scopes, createdAt, lastUsedAt, revokedAt }: ApiKeyEntity): ApiKey {
  return { id, name, scopes, createdAt, ...(lastUsedAt && { lastUsedAt }), ...(revokedAt && { revokedAt }) };
}
