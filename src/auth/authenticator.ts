import { Injectable } from '@nestjs/common';
import { USER_ACCESS, type Access, type Application, type Caller, type Scope } from '../common/caller.js';
import {
  actingUserNotFound,
  ambiguousCredentials,
  forbidden,
  notSignedIn,
  onBehalfOfRequired,
} from '../common/problems.js';
import type { CallerAuthenticator, Credentials } from '../http/caller.guard.js';
import { AccessTokens, type AccessClaims } from './access-tokens.js';
import { ActingUserCache } from './acting-user.cache.js';
import { ApiKeyCache } from './api-key.cache.js';
import { Revocations } from './revocations.js';
import { SessionCache } from './session.cache.js';

/** Identifies the caller of a request or a socket, and checks their access. */
@Injectable()
export class Authenticator implements CallerAuthenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionCache,
    private readonly keys: ApiKeyCache,
    private readonly actingUsers: ActingUserCache,
    /** For connections that outlive a request. */
    readonly revocations: Revocations,
  ) {}

  /**
   * @throws ambiguous-credentials (400): a token and a key; not-signed-in (401); forbidden (403): not this caller, or a
   * scope is missing; on-behalf-of-required (400); acting-user-not-found (403)
   */
  async authenticate(credentials: Credentials, access: Access = USER_ACCESS): Promise<Caller> {
    const { apiKey, onBehalfOf, bearer = bearerOf(credentials.authorization) } = credentials;
    if (apiKey !== undefined) {
      if (bearer !== undefined) throw ambiguousCredentials();
      return this.application(apiKey, onBehalfOf, access);
    }
    const user = bearer === undefined ? undefined : await this.user(bearer);
    if (access.kind === 'public') return user ?? {};
    if (!user) throw notSignedIn();
    if (access.kind === 'application') throw forbidden('Only an application may do this.');
    if (onBehalfOf !== undefined) throw forbidden('Only an application may act on behalf of a user.');
    return user;
  }

  /**
   * Checks a caller of an open socket again: an application by its credentials, a user by their session. The socket itself
   * ends with the user's token.
   * @throws like authenticate
   */
  async recheck(caller: Caller, credentials?: Credentials): Promise<void> {
    if (credentials) await this.authenticate(credentials);
    else if (!(await this.sessions.has(caller as AccessClaims))) throw notSignedIn();
  }

  private async user(token: string): Promise<AccessClaims | undefined> {
    const claims = await this.tokens.verify(token);
    return claims && (await this.sessions.has(claims)) ? claims : undefined;
  }

  private async application(key: string, onBehalfOf: string | undefined, { kind, scopes }: Access): Promise<Caller> {
    const application = await this.keys.find(key);
    if (!application) throw notSignedIn('The API key is unknown or revoked.');
    const byItself = kind !== 'user' && (kind !== 'any' || onBehalfOf === undefined);
    if (byItself) {
      assertScopes(application, scopes);
      return { application };
    }
    assertScopes(application, kind === 'any' ? USER_ACCESS.scopes : scopes);
    if (onBehalfOf === undefined) throw onBehalfOfRequired();
    const userId = await this.actingUsers.find(onBehalfOf, application);
    if (userId === undefined) throw actingUserNotFound();
    return { userId, application };
  }
}

function assertScopes(application: Application, needed: readonly Scope[]): void {
  const missing = needed.filter((scope) => !application.scopes.includes(scope));
  if (missing.length > 0) throw forbidden(`The API key lacks the scope ${missing.join(' and ')}.`);
}

/** The token of `Authorization: Bearer <token>` (RFC 6750; the scheme in any case). */
const bearerOf = (authorization = ''): string | undefined => /^Bearer +([\w~+/.-]+=*) *$/i.exec(authorization)?.[1];
