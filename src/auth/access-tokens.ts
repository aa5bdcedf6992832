import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../common/caller.js';
import { isUuid, type SessionId, type UserId } from '../common/ids.js';
import { Settings } from '../config/settings.js';

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const MAX_CACHED = 200_000;
const ALGORITHM = 'HS256';

/** The caller that an access token names, and when the token expires. */
export type AccessClaims = Caller & Required<Pick<Caller, 'userId' | 'sessionId' | 'expiresAt'>>;

/** Access tokens: JWT (RFC 7519) with `sub`, the user, and `sid`, the session. */
@Injectable()
export class AccessTokens {
  private readonly key: KeyObject;
  /** By the token's SHA-256, so that memory holds no token that could be replayed. A signature is verified once. */
  private readonly verified = new LRUCache<string, AccessClaims>({ max: MAX_CACHED });

  constructor(settings: Settings) {
    this.key = createSecretKey(Buffer.from(settings.jwtSecret));
  }

  issue(userId: UserId, sessionId: SessionId): Promise<string> {
    const issuedAt = Math.floor(Date.now() / 1000);
    return new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setSubject(userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
      .sign(this.key);
  }

  /** Undefined if the token is not ours or has expired. Does not say whether its session goes on. */
  async verify(token: string): Promise<AccessClaims | undefined> {
    const digest = digestOf(token);
    const claims = this.verified.get(digest) ?? (await this.read(token));
    if (claims) this.verified.set(digest, claims);
    return claims && isCurrent(claims) ? claims : undefined;
  }

  private async read(token: string): Promise<AccessClaims | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.key, { algorithms: [ALGORITHM], requiredClaims: ['exp'] });
      const { sub = '', sid, exp = 0 } = payload;
      if (!isUuid(sub) || typeof sid !== 'string' || !isUuid(sid)) return undefined;
      return { userId: sub, sessionId: sid, expiresAt: exp * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64');
const isCurrent = ({ expiresAt }: AccessClaims): boolean => expiresAt > Date.now();
