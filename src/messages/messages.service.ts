import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { isUuid, parseMessageId, type MessageRef } from '../common/ids.js';
import { forbidden, messageNotFound } from '../common/problems.js';
import { CursorKind } from '../common/cursor.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { UsersService } from '../users/users.service.js';
import { MessageViews } from './message-views.service.js';
import type { Message, ReceiptPage } from './messages.dto.js';
import { MessagesRepository } from './messages.repository.js';
import type { SeenMessage } from './seen-message.js';

const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const receiptCursor = new CursorKind<[userId: string]>(
  'r1',
  ([id, ...rest]) => typeof id === 'string' && isUuid(id) && rest.length === 0,
);

/** Shows one message, marks it, and lists its receipts. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly views: MessageViews,
    private readonly repository: MessagesRepository,
  ) {}

  /** @throws message-not-found (404): also if the caller may not see it */
  async get(me: ActingUser, id: string): Promise<Message> {
    const [message] = await this.views.of(me.userId, [await this.find(me, id)]);
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
    const [after] = cursor === undefined ? [NIL_UUID] : receiptCursor.decode(cursor);
    const rows = await this.repository.receipts(me.userId, message, after, limit + 1);
    const page = rows.slice(0, limit);
    const users = await this.users.summaries(page.map(({ userId }) => userId));
    const items = page.map(({ userId, delivered, read }) => ({ user: users.get(userId)!, delivered, read }));
    return { items, ...(rows.length > limit && { next: receiptCursor.encode(page.at(-1)!.userId) }) };
  }

  private async find(me: ActingUser, id: string): Promise<SeenMessage> {
    const ref: MessageRef | undefined = parseMessageId(id);
    const found = ref && (await this.repository.find(me.userId, ref));
    if (!found) throw messageNotFound();
    return found;
  }
}
