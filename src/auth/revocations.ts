import { Injectable } from '@nestjs/common';
import type { SessionId, UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import { RecentIds } from './recent-ids.js';

/** Lifetime of an access token: no cache keeps an entry longer. */
export const REVOKED_KEPT_MS = 15 * 60_000;

/**
 * The sessions, users and keys that ended lately, by the events of the bus. Caches ask it after every cached value and after
 * every look-up, which may have started before the end: so an ended one is refused at once.
 */
@Injectable()
export class Revocations {
  private readonly sessions = new RecentIds(REVOKED_KEPT_MS);
  private readonly users = new RecentIds(REVOKED_KEPT_MS);
  private readonly keys = new RecentIds(REVOKED_KEPT_MS);

  constructor(bus: EventBus) {
    // guard: src/auth/revocations.spec.ts
    bus.on('sessions.ended', ({ sessionIds }) => sessionIds.forEach((id) => this.sessions.add(id)));
    // guard: src/auth/revocations.spec.ts
    bus.on('user.removed', ({ userId }) => this.users.add(userId));
    // guard: src/auth/revocations.spec.ts
    bus.on('key.revoked', ({ keyId }) => this.keys.add(keyId));
  }

  hasSession(id: SessionId): boolean {
    return this.sessions.has(id);
  }

  hasUser(id: UserId): boolean {
    return this.users.has(id);
  }

  hasKey(id: string): boolean {
    return this.keys.has(id);
  }
}
