import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, USER_ACCESS, type Access, type CallerRequest } from '../common/caller.js';
import { Authenticator } from './authenticator.js';

interface IncomingRequest extends CallerRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Node's own request, if the HTTP engine wraps it; the access log reads the caller there. */
  readonly raw?: CallerRequest;
}

/** Runs before every route: identifies the caller, and refuses one without access. A route that declares no access needs a user. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<IncomingRequest>();
    const { authorization, 'x-api-key': apiKey, 'on-behalf-of': onBehalfOf } = request.headers;
    const caller = await this.authenticator.authenticate({ authorization, apiKey, onBehalfOf }, access ?? USER_ACCESS);
    request.caller = caller;
    if (request.raw) request.raw.caller = caller;
    return true;
  }
}
