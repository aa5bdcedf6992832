import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createParamDecorator, SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import { onBehalfOfRequired } from './problems.js';
import type { SessionId, UserId } from './ids.js';

/** What an API key allows: `act` for users, manage `users`, manage keys (`admin`). */
export const SCOPES = ['act', 'users', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** An application, known by its API key. */
export interface Application {
  /** Id of the key, or `bootstrap` for the one from the settings. */
  readonly keyId: string;
  readonly scopes: readonly Scope[];
}

/** Who makes a request, as the guard established it. */
export interface Caller {
  /** The user who calls, or for whom an application acts. Absent for an application on its own. */
  readonly userId?: UserId;
  /** The session of the bearer token; absent for an application. */
  readonly sessionId?: SessionId;
  /** Until when the token holds, in milliseconds since 1970; absent for an application. */
  readonly expiresAt?: number;
  readonly application?: Application;
}

/** A caller on a user's route: the user, or an application acting for one. */
export interface ActingUser extends Caller {
  readonly userId: UserId;
}

/** What a route demands of its caller. A route that declares nothing needs a user. */
export interface Access {
  readonly kind: 'user' | 'public' | 'any' | 'application';
  /** For an application: the scopes it needs, all of them. */
  readonly scopes: readonly Scope[];
}
export const ACCESS = 'parley:access';
export const USER_ACCESS: Access = { kind: 'user', scopes: ['act'] };

/**
 * Open to anyone. A caller who presents credentials is established all the same: an application then needs `scope`; a
 * token that does not hold is as none, so that who logs in or refreshes may still send an old one.
 */
export const Public = (scope: Scope = 'users'): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'public', scopes: [scope] } satisfies Access);

/** For a user, or for an application: with `scope` by itself, with `act` for a user. */
export const UserOrApp = (scope: Scope = 'users'): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'any', scopes: [scope] } satisfies Access);

/** For applications only, with all of these scopes. */
export const AppOnly = (...scopes: Scope[]): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'application', scopes } satisfies Access);

/** For a user; an application that acts for one needs `users` as well as `act`: the account's own routes. */
export const OwnAccount = (): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'user', scopes: ['act', 'users'] } satisfies Access);

/** The part of a request that the guard writes and the decorators below read. */
export interface CallerRequest {
  caller?: Caller;
}

const callerOf = (context: ExecutionContext): Caller => context.switchToHttp().getRequest<CallerRequest>().caller ?? {};

export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => callerOf(context));

/** The user who calls. @throws on-behalf-of-required (400): an application that acts for nobody */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): ActingUser => {
  const caller = callerOf(context);
  const { userId } = caller;
  if (userId === undefined) throw onBehalfOfRequired();
  return { ...caller, userId };
});

/** The connection that a request came on, to notice that the client has gone. */
export const Connection = createParamDecorator(
  (_: unknown, context: ExecutionContext): Socket => context.switchToHttp().getRequest<IncomingMessage>().socket,
);
