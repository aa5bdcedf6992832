import { createHmac, timingSafeEqual } from 'node:crypto';
import { isUuid, type SessionId } from '../common/ids.js';

/** Which token of which session: the session's row holds the number that is current. */
export interface RefreshClaim {
  readonly sessionId: SessionId;
  readonly number: number;
}

/** Refresh tokens: `<session id>.<number>.<HMAC>`, so that an old one of a session is known without storing any. */
export class RefreshTokens {
  constructor(private readonly secret: string) {}

  issue({ sessionId, number }: RefreshClaim): string {
    const claim = `${sessionId}.${number}`;
    return `${claim}.${this.mac(claim).toString('base64url')}`;
  }

  /** Undefined where it is not one that this server has issued. */
  read(token: string): RefreshClaim | undefined {
    const [, sessionId = '', digits = '', mac = ''] =
      /^([0-9a-f-]{36})\.([1-9]\d{0,8})\.([\w-]{43})$/.exec(token) ?? [];
    if (!isUuid(sessionId)) return undefined;
    const expected = this.mac(`${sessionId}.${digits}`);
    return timingSafeEqual(Buffer.from(mac, 'base64url'), expected) ? { sessionId, number: Number(digits) } : undefined;
  }

  /** The prefix keeps it apart from everything else that is signed with the same secret. */
  private mac(claim: string): Buffer {
    return createHmac('sha256', this.secret).update(`refresh:${claim}`).digest();
  }
}

/** What using a refresh token does. */
export type RefreshDecision = 'advance' | 'repeat' | 'end' | 'refuse';

/**
 * Decides by the number that is current and the number of an authentic token.
 * `advance`: the current one, it gives the next. `repeat`: the one before, whose answer may have been lost; it gives the
 * current one again, which nobody has used yet. `end`: an older one, so somebody has a copy; the session ends.
 * `refuse`: one that is still to come, known only to a database that was since restored.
 */
export function decideRefresh(current: number, used: number): RefreshDecision {
  if (used === current) return 'advance';
  if (used === current - 1) return 'repeat';
  return used < current ? 'end' : 'refuse';
}
