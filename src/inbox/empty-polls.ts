import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Caller, CallerRequest } from '../common/caller.js';
import { CallerAuthenticator, credentialsOf } from '../http/caller.guard.js';
import { writeEmptyPage } from './message-list.answer.js';
import { PollsService } from './polls.service.js';

const POLL = '/v1/messages?read=false';

/**
 * Answers `GET /v1/messages?read=false` in front of the routes if nothing is unread as far as the feeds know: what a server
 * of many clients without sockets is asked most. The answer is that of the route, for less than half of its processor time:
 * docs/decisions/0007-fast-path.md
 */
@Injectable()
export class EmptyPolls {
  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly polls: PollsService,
  ) {}

  /** A middleware of Express. */
  readonly middleware = (
    request: IncomingMessage & CallerRequest,
    response: ServerResponse,
    next: () => void,
  ): void => {
    if (request.url === POLL && request.method === 'GET') void this.answer(request, response, next);
    else next();
  };

  private async answer(
    request: IncomingMessage & CallerRequest,
    response: ServerResponse,
    next: () => void,
  ): Promise<void> {
    let caller: Caller;
    try {
      caller = await this.authenticator.authenticate(credentialsOf(request.headers));
    } catch {
      return next(); // the route refuses it
    }
    if (caller.userId === undefined || !this.polls.isKnownEmpty(caller.userId)) return next();
    request.caller = caller;
    writeEmptyPage(request, response);
  }
}
