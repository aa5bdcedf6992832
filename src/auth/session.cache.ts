import { Injectable } from '@nestjs/common';
import type { UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import type { AccessClaims } from './access-tokens.js';
import { Remembered } from './read-through-cache.js';
import { REVOKED_KEPT_MS, Revocations } from './revocations.js';
import { SessionsRepository } from './sessions.repository.js';

const MAX_SESSIONS = 200_000;

/** Which sessions go on, without a query per request. */
@Injectable()
export class KnownSessions {
  private readonly users: Remembered<UserId>;

  constructor(
    private readonly repository: SessionsRepository,
    private readonly revocations: Revocations,
    bus: EventBus,
  ) {
    this.users = new Remembered(bus, { max: MAX_SESSIONS, ttlMs: REVOKED_KEPT_MS });
  }

  /** Whether the session of a token goes on, and is that user's. */
  async has(claims: AccessClaims): Promise<boolean> {
    const { sessionId, userId } = claims;
    const lookUp = async (): Promise<UserId | undefined> => {
      const owner = await this.repository.userOf(sessionId);
      return owner === userId ? userId : owner; // the string that there is already: another takes 56 bytes
    };
    return this.isOf(claims, await this.users.get(sessionId, lookUp));
  }

  private isOf({ sessionId, userId }: AccessClaims, owner: UserId | undefined): boolean {
    return owner === userId && !this.revocations.hasSession(sessionId) && !this.revocations.hasUser(userId);
  }
}
