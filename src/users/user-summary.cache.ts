import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { UserId } from '../common/ids.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import type { UserSummary } from './users.dto.js';
import { UsersRepository } from './users.repository.js';
import { summaryOf } from './views.js';

const MAX_CACHED = 50_000;
const TTL_MS = 60_000;

/** Caches the names of users for a minute: every message in an answer contains its sender's. */
@Injectable()
export class UserSummaryCache {
  private readonly cache = new LRUCache<UserId, UserSummary>({ max: MAX_CACHED, ttl: TTL_MS });
  /** One set per running read: the users that changed during it. Their rows may be old, so they are not cached. */
  private readonly reads = new Set<Set<UserId>>();

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: UsersRepository,
    bus: EventBus,
  ) {
    const forget = ({ userId }: { readonly userId: UserId }): void => {
      this.cache.delete(userId);
      for (const changed of this.reads) changed.add(userId);
    };
    bus.on('user.changed', forget);
    bus.on('user.removed', forget);
  }

  /** The cached summary, or undefined. */
  peek(id: UserId): UserSummary | undefined {
    return this.cache.get(id);
  }

  /** One for every id; an id that no user has gets the summary of a removed user. */
  async of(ids: Iterable<UserId>): Promise<ReadonlyMap<UserId, UserSummary>> {
    const found = new Map<UserId, UserSummary>();
    const missing = new Set<UserId>();
    for (const id of ids) {
      const summary = this.cache.get(id);
      if (summary) found.set(id, summary);
      else missing.add(id);
    }
    if (missing.size > 0) for (const summary of await this.read([...missing])) found.set(summary.id, summary);
    return found;
  }

  private async read(ids: readonly UserId[]): Promise<UserSummary[]> {
    const changed = new Set<UserId>();
    this.reads.add(changed);
    try {
      const rows = new Map((await this.repository.names(this.work.now, ids)).map((row) => [row.id, row]));
      return ids.map((id) => {
        const row = rows.get(id);
        // the string of the caller, not the row's: the cache would keep a second one, 56 bytes per user
        const summary = summaryOf(row ? { ...row, id } : { id, username: null, displayName: '', deleted: true });
        if (row && !changed.has(id)) this.cache.set(id, summary);
        return summary;
      });
    } finally {
      this.reads.delete(changed);
    }
  }
}
