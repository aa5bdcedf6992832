import { Injectable } from '@nestjs/common';
import type { Application } from '../common/caller.js';
import type { UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import { UsersService } from '../users/users.service.js';
import { ReadThroughCache } from './read-through-cache.js';
import { Revocations } from './revocations.js';

const MAX_ADDRESSES = 100_000;
const TTL_MS = 60_000;

/** Caches the users for whom applications act, so that a request needs no query. */
@Injectable()
export class ActingUserCache {
  private readonly ids: ReadThroughCache<UserId>;

  constructor(
    private readonly users: UsersService,
    private readonly revocations: Revocations,
    bus: EventBus,
  ) {
    this.ids = new ReadThroughCache(bus, { max: MAX_ADDRESSES, ttlMs: TTL_MS });
  }

  /** The user at this address; undefined if there is none or the user was removed. */
  async find(address: string, application: Application): Promise<UserId | undefined> {
    const lookUp = async (): Promise<UserId | undefined> => {
      const user = await this.users.find(address, { application });
      return user && !user.deletedAt ? user.id : undefined;
    };
    if (/^(@|%40)/.test(address)) return lookUp(); // a username can move to another user
    const id = await this.ids.get(address, lookUp);
    if (id === undefined || !this.revocations.hasUser(id)) return id;
    // guard: src/auth/revocations.spec.ts
    this.ids.forget(address); // another user may have the externalId of a removed one by now
    return lookUp();
  }
}
