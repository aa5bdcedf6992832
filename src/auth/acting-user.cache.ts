import { Injectable } from '@nestjs/common';
import type { Application } from '../common/caller.js';
import type { UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import { UsersService } from '../users/users.service.js';
import { ReadThroughCache } from './read-through-cache.js';
import { Revocations } from './revocations.js';

const MAX_ADDRESSES = 100_000;
const KEPT_MS = 60_000;

/** For whom applications act, without a query per request. */
@Injectable()
export class ActingUserCache {
  private readonly ids: ReadThroughCache<UserId>;

  constructor(
    private readonly users: UsersService,
    private readonly revocations: Revocations,
    bus: EventBus,
  ) {
    this.ids = new ReadThroughCache(bus, { max: MAX_ADDRESSES, ttlMs: KEPT_MS });
  }

  /** The user at this address, undefined where there is none, or no longer. */
  async find(address: string, application: Application): Promise<UserId | undefined> {
    const lookUp = async (): Promise<UserId | undefined> => {
      const user = await this.users.find(address, { application });
      return user && !user.deletedAt ? user.id : undefined;
    };
    if (/^(@|%40)/.test(address)) return lookUp(); // a username can pass to another user
    const id = await this.ids.get(address, lookUp);
    if (id === undefined || !this.revocations.hasUser(id)) return id;
    this.ids.forget(address); // an externalId that was freed may be another user's by now
    return lookUp();
  }
}
