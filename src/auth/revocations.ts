import { Injectable } from '@nestjs/common';
import type { SessionId, UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import { RecentIds } from './recent-ids.js';

/** As long as an access token lives: nothing that is remembered about one is remembered longer. */
export const REVOKED_KEPT_MS = 15 * 60_000;

/**
 * What has ended, as the bus told it. Asked after everything that is remembered or was being looked up meanwhile, so
 * that it is refused at once.
 */
@Injectable()
export class Revocations {
  private readonly sessions = new RecentIds(REVOKED_KEPT_MS);
  private readonly users = new RecentIds(REVOKED_KEPT_MS);
  private readonly keys = new RecentIds(REVOKED_KEPT_MS);

  constructor(bus: EventBus) {
    bus.on('sessions.ended', ({ sessionIds }) => sessionIds.forEach((id) => this.sessions.add(id)));
    bus.on('user.removed', ({ userId }) => this.users.add(userId));
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
