import { Injectable, Logger } from '@nestjs/common';
import { Authenticator } from '../auth/authenticator.js';
import type { Problem } from '../common/problem.js';
import { problemFrom } from '../database/problem-from.js';
import { FeedsService } from '../feeds/feeds.service.js';
import { HeadsService } from '../inbox/heads.service.js';
import { ClientMessages } from '../messages/client-messages.service.js';
import { LiveLimits } from './live.limits.js';

/** What sockets need: one service each of auth, feeds, inbox and messages, and the limits. */
@Injectable()
export class LiveServices {
  private readonly log = new Logger('live');

  constructor(
    readonly authenticator: Authenticator,
    readonly feeds: FeedsService,
    readonly heads: HeadsService,
    readonly messages: ClientMessages,
    readonly limits: LiveLimits,
  ) {}

  /** What a client is told of any error. @param what was done, for the log */
  problemFrom(error: unknown, what: string): Problem {
    return problemFrom(error, (bug) => this.log.error(`${what} failed`, (bug as Error).stack));
  }
}
