import { createHmac, timingSafeEqual } from 'node:crypto';
import { isUuid, type SessionId } from '../common/ids.js';

/** A token's session and number. The session's row holds the number of its newest token. */
export interface RefreshClaim {
  readonly sessionId: SessionId;
  readonly number: number;
}

/** Refresh tokens: `<session id>.<number>.<HMAC>`, so that an old token of a session is recognized without storing any. */
export class RefreshTokens {
  constructor(private readonly secret: string) {}

  issue({ sessionId, number }: RefreshClaim): string {
    const claim = `${sessionId}.${number}`;
    return `${claim}.${this.mac(claim).toString('base64url')}`;
  }

  /** Undefined if this server did not issue it. */
  read(token: string): RefreshClaim | undefined {
    const [, sessionId = '', digits = '', mac = ''] =
      /^([0-9a-f-]{36})\.([1-9]\d{0,8})\.([\w-]{43})$/.exec(token) ?? [];
    if (!isUuid(sessionId)) return undefined;
    const expected = this.mac(`${sessionId}.${digits}`);
    return timingSafeEqual(Buffer.from(mac, 'base64url'), expected) ? { sessionId, number: Number(digits) } : undefined;
  }

  /** The prefix makes it differ from anything else that is signed with the same secret. */
  private mac(claim: string): Buffer {
    return createHmac('sha256', this.secret).update(`refresh:${claim}`).digest();
  }
}

/** What using a refresh token does. */
export type RefreshDecision = 'advance' | 'repeat' | 'end' | 'refuse';

/**
 * Decides by the current number of the session and the number of an authentic token.
 * `advance`: the token is the current one; the answer is the next. `repeat`: it is the one before, whose answer may have been
 * lost; the answer is the current one again, which was not used yet. `end`: it is older, so somebody has a copy; the session
 * ends. `refuse`: its number was not reached yet, because the database was restored from before it was issued.
 */
export function decideRefresh(current: number, used: number): RefreshDecision {
  if (used === current) return 'advance';
  if (used === current - 1) return 'repeat';
  return used < current ? 'end' : 'refuse';
}
