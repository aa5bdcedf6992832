import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { directConversationId, isUuid, parseMessageId, type MessagePlace } from '../common/ids.js';
import type { Problem } from '../common/problem.js';
import {
  clientMessageIdReused,
  forbidden,
  messageNotFound,
  recipientBlockedYou,
  recipientNotFound,
} from '../common/problems.js';
import { CursorKind } from '../common/cursor.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { UsersService } from '../users/users.service.js';
import { AppendQueue } from './append.queue.js';
import type { Appended, Send } from './append.repository.js';
import { MessageViews, messageView } from './message-views.service.js';
import type { Message, ReceiptPage, Recipient, SendMessage } from './messages.dto.js';
import { isReadByOthers, MessagesRepository, type SeenMessage } from './messages.repository.js';

/** A message that is stored, and whether it was already. */
export interface Sent {
  readonly message: Message;
  readonly isRepeated: boolean;
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const receiptCursor = new CursorKind<[userId: string]>(
  'r1',
  ([id, ...rest]) => isUuid(String(id)) && rest.length === 0,
);

/** Sending, and what concerns one message. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly queue: AppendQueue,
    private readonly views: MessageViews,
    private readonly repository: MessagesRepository,
  ) {}

  /**
   * Stores a message and answers it once it is durable.
   *
   * @throws recipient-not-found (404): nobody, a removed user, or a group the caller is not in; recipient-blocked-you
   * (403); client-message-id-reused (409); unavailable (503)
   */
  async send(me: ActingUser, { recipient, text, clientMessageId }: SendMessage): Promise<Sent> {
    const to = await this.recipient(me, recipient);
    const send: Send = {
      conversationId: to.kind === 'group' ? to.id : directConversationId(me.userId, to.id),
      senderId: me.userId,
      recipientId: to.kind === 'group' ? null : to.id,
      clientMessageId: clientMessageId?.toLowerCase() ?? null,
      text,
    };
    const appended = await this.append(send);
    const refusal = refusalOf(appended);
    if (refusal) throw refusal;
    return this.sent(send, to, appended);
  }

  /** @throws message-not-found (404): also where the caller may not see it */
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
   * Who of the other members that were there has received and read a message of the caller's.
   * @throws message-not-found (404), forbidden (403): somebody else's message
   */
  async listReceipts(me: ActingUser, id: string, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<ReceiptPage> {
    const { senderId, ...place } = await this.find(me, id);
    if (senderId !== me.userId) throw forbidden('Only the sender of a message may see its receipts.');
    const [after] = cursor === undefined ? [NIL_UUID] : receiptCursor.decode(cursor);
    const rows = await this.repository.receipts(me.userId, place, after, limit + 1);
    const page = rows.slice(0, limit);
    const users = await this.users.summaries(page.map(({ userId }) => userId));
    const items = page.map(({ userId, delivered, read }) => ({ user: users.get(userId)!, delivered, read }));
    return { items, ...(rows.length > limit && { next: receiptCursor.encode(page.at(-1)!.userId) }) };
  }

  /** Any UUID that is no user's is taken for a group's: the append finds out whether the caller is in it. */
  private async recipient(me: ActingUser, address: string): Promise<Recipient> {
    if (isUuid(address)) {
      const id = address.toLowerCase();
      return { kind: (await this.users.isUser(id)) ? 'user' : 'group', id };
    }
    const user = await this.users.find(address, me);
    if (!user || user.deletedAt) throw recipientNotFound();
    return { kind: 'user', id: user.id };
  }

  /** The first message of a pair finds no conversation: then, and only then, it is opened and the append runs again. */
  private async append(send: Send): Promise<Appended> {
    const appended = await this.queue.append(send);
    if (appended.outcome !== 'no-conversation' || send.recipientId === null) return appended;
    await this.conversations.openDirect(send.senderId, send.recipientId);
    return this.queue.append(send);
  }

  private async sent(send: Send, recipient: Recipient, { outcome, seq, sentAt }: Appended): Promise<Sent> {
    const isRepeated = outcome === 'repeated';
    const [senders, read] = await Promise.all([
      this.users.summaries([send.senderId]),
      isRepeated && this.isRead(send, seq!), // what was just stored nobody has read
    ]);
    const row = { ...send, seq: seq!, sentAt: sentAt! };
    return {
      message: messageView(row, { sender: senders.get(send.senderId)!, recipient, read, isOwn: true }),
      isRepeated,
    };
  }

  /** Asks no membership: what was stored is answered as stored, also to a sender who has left since. */
  private async isRead({ senderId, conversationId }: Send, seq: number): Promise<boolean> {
    const states = await this.repository.readStates(senderId, [conversationId]);
    return isReadByOthers(seq, states.get(conversationId)!);
  }

  private async find(me: ActingUser, id: string): Promise<SeenMessage> {
    const place: MessagePlace | undefined = parseMessageId(id);
    const found = place && (await this.repository.find(me.userId, place));
    if (!found) throw messageNotFound();
    return found;
  }
}

/** Why a send was refused, or undefined where it was not. */
export function refusalOf({ outcome }: Appended): Problem | undefined {
  switch (outcome) {
    case 'new':
    case 'repeated':
      return undefined;
    case 'reused':
      return clientMessageIdReused();
    case 'blocked':
      return recipientBlockedYou();
    case 'no-conversation':
    case 'no-recipient':
    case 'not-a-member':
      return recipientNotFound();
  }
}
