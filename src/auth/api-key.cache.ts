import { Injectable } from '@nestjs/common';
import type { Application } from '../common/caller.js';
import { SCOPES } from '../common/caller.js';
import { Settings } from '../config/settings.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import { hashKey, isSameKey } from './api-key.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ReadThroughCache } from './read-through-cache.js';
import { Revocations } from './revocations.js';

const MAX_KEYS = 10_000;
/** After this time (ms) a key is read again, and its use is noted. */
const TTL_MS = 60_000;

const BOOTSTRAP: Application = { keyId: 'bootstrap', scopes: SCOPES };

/** Caches the valid API keys, so that a request needs no query. */
@Injectable()
export class ApiKeyCache {
  private readonly applications: ReadThroughCache<Application>;

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: ApiKeysRepository,
    private readonly revocations: Revocations,
    private readonly settings: Settings,
    bus: EventBus,
  ) {
    this.applications = new ReadThroughCache(bus, { max: MAX_KEYS, ttlMs: TTL_MS });
  }

  /** Undefined if the key is unknown or revoked. */
  async find(key: string): Promise<Application | undefined> {
    const { bootstrapApiKey } = this.settings;
    if (bootstrapApiKey !== undefined && isSameKey(key, bootstrapApiKey)) return BOOTSTRAP;
    const hash = hashKey(key);
    const application = await this.applications.get(hash, () => this.read(hash));
    return application && !this.revocations.hasKey(application.keyId) ? application : undefined;
  }

  private async read(hash: string): Promise<Application | undefined> {
    const row = await this.repository.findByHash(this.work.now, hash);
    if (!row) return undefined;
    await this.repository.noteUse(this.work.now, row.id);
    return { keyId: row.id, scopes: row.scopes };
  }
}
