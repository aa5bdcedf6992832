import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, type Access, type Caller, type CallerRequest } from '../common/caller.js';

/** What a request says of its caller, as it came. */
export interface Credentials {
  /** The header; any scheme but Bearer is somebody else's and passed over. */
  readonly authorization?: string;
  /** An access token that came by another way than the header. */
  readonly bearer?: string;
  readonly apiKey?: string;
  /** An address. */
  readonly onBehalfOf?: string;
}

/** Finds out who calls, and whether they may. The auth module provides it to every module. */
export abstract class CallerAuthenticator {
  /** @throws a problem (400, 401 or 403), unless the caller may do what `access` demands (default: what a user may) */
  abstract authenticate(credentials: Credentials, access?: Access): Promise<Caller>;
}

export const credentialsOf = (headers: IncomingHttpHeaders): Credentials => ({
  authorization: headers.authorization,
  apiKey: headers['x-api-key'] as string | undefined,
  onBehalfOf: headers['on-behalf-of'] as string | undefined,
});

interface IncomingRequest extends CallerRequest {
  readonly headers: IncomingHttpHeaders;
}

/** Establishes who calls a route, and refuses who may not. A route that declares nothing needs a user. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: CallerAuthenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<IncomingRequest>();
    request.caller = await this.authenticator.authenticate(credentialsOf(request.headers), access);
    return true;
  }
}
