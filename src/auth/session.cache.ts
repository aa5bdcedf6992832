import { Injectable } from '@nestjs/common';
import type { UserId } from '../common/ids.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import type { AccessClaims } from './access-tokens.js';
import { ReadThroughCache } from './read-through-cache.js';
import { REVOKED_KEPT_MS, Revocations } from './revocations.js';
import { SessionsRepository } from './sessions.repository.js';

const MAX_SESSIONS = 200_000;

/** Caches the sessions that go on, so that a request needs no query. */
@Injectable()
export class SessionCache {
  private readonly users: ReadThroughCache<UserId>;

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: SessionsRepository,
    private readonly revocations: Revocations,
    bus: EventBus,
  ) {
    this.users = new ReadThroughCache(bus, { max: MAX_SESSIONS, ttlMs: REVOKED_KEPT_MS });
  }

  /** Whether the session of a token goes on and belongs to the token's user. */
  async has(claims: AccessClaims): Promise<boolean> {
    const { sessionId, userId } = claims;
    const lookUp = async (): Promise<UserId | undefined> => {
      const owner = await this.repository.userOf(this.work.now, sessionId);
      return owner === userId ? userId : owner; // the string that there is already: another takes 56 bytes
    };
    return this.isOf(claims, await this.users.get(sessionId, lookUp));
  }

  private isOf({ sessionId, userId }: AccessClaims, owner: UserId | undefined): boolean {
    // guard: src/auth/revocations.spec.ts
    return owner === userId && !this.revocations.hasSession(sessionId) && !this.revocations.hasUser(userId);
  }
}
