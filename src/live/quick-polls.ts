import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Authenticator } from '../auth/authenticator.js';
import type { Caller } from '../common/caller.js';
import { PollsService } from '../inbox/polls.service.js';

/**
 * Empty polls are what a server of many clients without sockets gets most. Where the caller is remembered and the feeds
 * know that nothing is unread, both are found out here without a promise, before the HTTP engine has a part in it.
 */
@Injectable()
export class QuickPolls {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly polls: PollsService,
  ) {}

  /** The caller of a plain `GET /v1/messages?read=false` that is known to be empty; undefined: it goes the usual way. */
  knownEmpty(headers: IncomingHttpHeaders): Caller | undefined {
    if (headers['x-api-key'] !== undefined || headers['on-behalf-of'] !== undefined) return undefined;
    const caller = this.authenticator.peek(headers.authorization);
    return caller?.userId !== undefined && this.polls.isKnownEmpty(caller.userId) ? caller : undefined;
  }
}
