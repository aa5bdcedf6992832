import { Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import type { SessionId, UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import { RecentIds } from './recent-ids.js';

/** Lifetime of an access token: no cache keeps an entry longer. */
export const REVOKED_KEPT_MS = 15 * 60_000;

type RevokedHandler = (isRevoked: (caller: Caller) => boolean) => void;

/**
 * The sessions, users and keys that ended lately, by the events of the bus. Caches ask it after every cached value and after
 * every look-up, which may have started before the end: so an ended one is refused at once.
 */
@Injectable()
export class Revocations {
  private readonly sessions = new RecentIds(REVOKED_KEPT_MS);
  private readonly users = new RecentIds(REVOKED_KEPT_MS);
  private readonly keys = new RecentIds(REVOKED_KEPT_MS);

  private readonly handlers: RevokedHandler[] = [];
  private readonly doubtHandlers: (() => void)[] = [];

  constructor(bus: EventBus) {
    bus.on('sessions.ended', ({ sessionIds }) => {
      // guard: src/auth/revocations.spec.ts
      sessionIds.forEach((id) => this.sessions.add(id));
      this.notify(({ sessionId = '' }) => sessionIds.includes(sessionId));
    });
    bus.on('user.removed', ({ userId }) => {
      // guard: src/auth/revocations.spec.ts
      this.users.add(userId);
      this.notify((caller) => caller.userId === userId);
    });
    bus.on('key.revoked', ({ keyId }) => {
      // guard: src/auth/revocations.spec.ts
      this.keys.add(keyId);
      this.notify(({ application }) => application?.keyId === keyId);
    });
    bus.onPossibleLoss(() => this.doubtHandlers.forEach((handler) => handler()));
  }

  /** Calls `handler` when something has ended, with a test for the callers that it concerns. */
  onRevoked(handler: RevokedHandler): void {
    this.handlers.push(handler);
  }

  /** Calls `handler` when something may have ended unheard, so that every caller has to be checked again. */
  onDoubt(handler: () => void): void {
    this.doubtHandlers.push(handler);
  }

  private notify(isRevoked: (caller: Caller) => boolean): void {
    for (const handler of this.handlers) handler(isRevoked);
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
