import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import type { MessageRef, UserId } from '../common/ids.js';
import { DeliveredWriter } from './delivered.writer.js';
import { MessagesService } from './messages.service.js';
import { OrderedSends } from './ordered-sends.js';
import { SendingService } from './sending.service.js';

/** What a connected client does with messages: the rules are those of the routes. */
@Injectable()
export class ClientMessages {
  constructor(
    private readonly sending: SendingService,
    private readonly messages: MessagesService,
    private readonly deliveredWriter: DeliveredWriter,
  ) {}

  /** Sends that keep the order of one client. */
  orderedSends(): OrderedSends {
    return new OrderedSends(this.sending);
  }

  /** The outcome of a message that was not stored. */
  failed(error: unknown): ReturnType<SendingService['failed']> {
    return this.sending.failed(error);
  }

  /** As the route does. @throws message-not-found (404) */
  markRead(me: ActingUser, messageId: string): Promise<void> {
    return this.messages.markRead(me, messageId);
  }

  /** Marks a message that the user can see as delivered, together with others, within a second. */
  markDeliveredSoon(userId: UserId, { conversationId, seq }: MessageRef): void {
    this.deliveredWriter.add(userId, conversationId, seq);
  }
}
