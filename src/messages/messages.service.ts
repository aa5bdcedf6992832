import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { LOWEST_ID, parseMessageId, type MessageRef } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { forbidden, messageNotFound } from '../common/problems.js';
import { CursorKind, isId } from '../common/cursor.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import { MessageViews } from './message-views.service.js';
import type { Message, ReceiptPage } from './messages.dto.js';
import { MessagesRepository } from './messages.repository.js';
import type { SeenMessage } from './seen-message.js';

/** The next page begins after this user. */
const receiptCursor = new CursorKind<[userId: string]>('r1', isId);

/** Shows one message, marks it, and lists its receipts. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly views: MessageViews,
    private readonly repository: MessagesRepository,
  ) {}

  /** @throws message-not-found (404): also if the caller may not see it */
  async get(me: ActingUser, id: string): Promise<Message> {
    const [message] = await this.views.of(this.work.now, me.userId, [await this.find(me, id)]);
    return message!;
  }

  /** The caller has read this message, and everything before it. @throws message-not-found (404) */
  async markRead(me: ActingUser, id: string): Promise<void> {
    const { conversationId, seq } = await this.find(me, id);
    await this.conversations.markRead(me.userId, conversationId, seq);
  }

  /** This message has reached the caller, and everything before it. @throws message-not-found (404) */
  async markDelivered(me: ActingUser, id: string): Promise<void> {
    const { conversationId, seq } = await this.find(me, id);
    await this.conversations.markDelivered(me.userId, conversationId, seq);
  }

  /**
   * The receipts of the caller's message: of each other member who joined before it, whether they have received and read it.
   * @throws message-not-found (404), forbidden (403): another user's message
   */
  async listReceipts(me: ActingUser, id: string, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<ReceiptPage> {
    const { senderId, ...message } = await this.find(me, id);
    if (senderId !== me.userId) throw forbidden('Only the sender of a message may see its receipts.');
    const [after] = cursor === undefined ? [LOWEST_ID] : receiptCursor.decode(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.receipts(this.work.now, me.userId, message, after, atMost),
      ({ userId }) => receiptCursor.encode(userId),
    );
    const users = await this.users.summaries(rows.map(({ userId }) => userId));
    return {
      items: rows.map(({ userId, delivered, read }) => ({ user: users.get(userId)!, delivered, read })),
      ...next,
    };
  }

  private async find(me: ActingUser, id: string): Promise<SeenMessage> {
    const place: MessageRef | undefined = parseMessageId(id);
    const found = place && (await this.repository.find(this.work.now, me.userId, place));
    if (!found) throw messageNotFound();
    return found;
  }
}
