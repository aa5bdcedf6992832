import { Injectable, Logger } from '@nestjs/common';
import { Authenticator } from '../auth/authenticator.js';
import { isUnavailable } from '../database/errors.js';
import { EventBus } from '../events/event-bus.js';
import { HeadsService } from '../inbox/heads.service.js';
import { FeedsService } from '../feeds/feeds.service.js';
import { MessagesService } from '../messages/messages.service.js';
import { SendingService } from '../messages/sending.service.js';
import { UsersService } from '../users/users.service.js';
import { DeliveredWriter } from './delivered.writer.js';
import { LiveLimits } from './live.limits.js';

/** What every socket needs of the rest of the application. */
@Injectable()
export class LiveServices {
  readonly log = new Logger('live');
  readonly isUnavailable = isUnavailable;

  constructor(
    readonly authenticator: Authenticator,
    readonly bus: EventBus,
    readonly deliveredWriter: DeliveredWriter,
    readonly feeds: FeedsService,
    readonly heads: HeadsService,
    readonly limits: LiveLimits,
    readonly messages: MessagesService,
    readonly sending: SendingService,
    readonly users: UsersService,
  ) {}
}
