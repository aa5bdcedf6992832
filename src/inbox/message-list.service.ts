import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isId, isMoment, isSeq } from '../common/cursor.js';
import { directConversationId, isUuid, LOWEST_ID, type ConversationId, type UserId } from '../common/ids.js';
import { DEFAULT_LIMIT } from '../common/paging.dto.js';
import { recipientNotFound, userNotFound } from '../common/problems.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import {
  MessageListRepository,
  ReadFilter,
  type ListFilter,
  type ListKey,
  type ScanLimit,
} from './message-list.repository.js';
import { MessageViews } from '../messages/message-views.service.js';
import type { ListMessages, MessagePage } from './message-list.dto.js';
import type { SeenMessage } from '../messages/seen-message.js';

/** A key of the merged list: the next page begins beyond it. */
const listCursor = new CursorKind<[sentAt: string, conversationId: ConversationId, seq: number]>(
  'm1',
  isMoment,
  isId,
  isSeq,
);

/** Before the newest and after the oldest of all messages. */
const START = {
  newest: { sentAt: 'infinity', conversationId: LOWEST_ID, seq: 0 },
  oldest: { sentAt: '-infinity', conversationId: LOWEST_ID, seq: 0 },
} as const;

/** The merged list: everything a user sent or received in the conversations they are in. */
@Injectable()
export class MessageListService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly repository: MessageListRepository,
    private readonly views: MessageViews,
  ) {}

  /**
   * One page. With a rare filter it may be short, or empty, and still have `next`: a request looks at 10,000 rows at most.
   *
   * @throws user-not-found, recipient-not-found, conversation-not-found (404); malformed (400): the cursor
   */
  async list(me: ActingUser, query: ListMessages): Promise<MessagePage> {
    const { limit = DEFAULT_LIMIT, order = 'newest', cursor } = query;
    const from = cursor === undefined ? START[order] : toKey(listCursor.decode(cursor));
    const filter = await this.filter(me, query);
    if (!filter) return { items: [] };
    const { messages, next } = await this.find(me.userId, filter, order, { limit, from });
    const items = await this.views.of(this.work.now, me.userId, messages);
    return { items, ...(next && { next: listCursor.encode(next.sentAt, next.conversationId, next.seq) }) };
  }

  /** The messages of a page, and where the next one begins. Looks near first, and far only if that found too few. */
  private async find(
    userId: UserId,
    filter: ListFilter,
    order: 'newest' | 'oldest',
    { limit, from }: { limit: number; from: ListKey },
  ): Promise<{ messages: readonly SeenMessage[]; next?: ListKey }> {
    const messages: SeenMessage[] = [];
    let next: ListKey | undefined = from;
    for (const reach of reachesOf(filter, limit)) {
      const listed = await this.repository.list(this.work.now, userId, filter, order, { limit, from: next, reach });
      messages.push(...listed.messages.slice(0, limit - messages.length));
      next = nextKey(messages.length === limit ? toLast(messages) : undefined, listed.unseenFrom, order);
      if (!next || messages.length === limit) break;
    }
    return { messages, next };
  }

  /** What the query's words come down to; undefined if nothing can match. */
  private async filter(me: ActingUser, query: ListMessages): Promise<ListFilter | undefined> {
    const [senderId, recipient, named] = await Promise.all([
      query.sender === undefined ? undefined : this.user(me, query.sender),
      query.recipient === undefined ? undefined : this.recipient(me, query.recipient),
      query.conversation === undefined ? undefined : this.conversations.resolve(me, query.conversation),
    ]);
    return combine(me.userId, { senderId, recipient, conversationId: named, read: query.read });
  }

  private async user(me: ActingUser, address: string): Promise<UserId> {
    const user = await this.users.find(address, me);
    if (!user) throw userNotFound();
    return user.id;
  }

  private async recipient(me: ActingUser, address: string): Promise<{ userId: UserId } | { groupId: ConversationId }> {
    const user = await this.users.find(address, me);
    if (user) return { userId: user.id };
    const group = isUuid(address) ? await this.conversations.find(this.work.now, address, me.userId) : undefined;
    if (!group || group.name === null) throw recipientNotFound();
    return { groupId: group.conversationId };
  }
}

/** Log rows that one request may look at, whatever its filters. */
const MAX_ROWS_LOOKED_AT = 10_000;

/**
 * Without a filter as many rows of each conversation as the page holds are enough, except for hidden senders. With one a
 * few are mostly enough, and cost 1 ms of the database where 10,000 cost 10.
 */
function reachesOf({ senderId, toMeDirectly, read }: ListFilter, limit: number): ScanLimit[] {
  const isUnfiltered = senderId === undefined && !toMeDirectly && read === ReadFilter.none;
  if (isUnfiltered) return [{ perConversation: limit, inAll: MAX_ROWS_LOOKED_AT }];
  const near = MAX_ROWS_LOOKED_AT / 4;
  const far = MAX_ROWS_LOOKED_AT - near;
  return [
    { perConversation: 4 * limit, inAll: near },
    { perConversation: far, inAll: far },
  ];
}

interface Named {
  readonly senderId: UserId | undefined;
  readonly recipient: { userId: UserId } | { groupId: ConversationId } | undefined;
  readonly conversationId: ConversationId | undefined;
  readonly read: boolean | undefined;
}

/**
 * The parts of a query, combined for `me`; undefined if they exclude each other. Only `me` sends to
 * another user, in the one conversation of the two; what `me` got directly came from the other of that conversation.
 */
export function combine(me: UserId, { senderId, recipient, conversationId, read }: Named): ListFilter | undefined {
  const toUser = recipient && 'userId' in recipient ? recipient.userId : undefined;
  const isToOther = toUser !== undefined && toUser !== me;
  if (isToOther && senderId !== undefined && senderId !== me) return undefined;

  const sender = isToOther ? me : senderId;
  const pairedWith = isToOther ? toUser : toUser === me ? sender : undefined;
  const implied =
    recipient && 'groupId' in recipient
      ? recipient.groupId
      : pairedWith === undefined
        ? undefined
        : directConversationId(me, pairedWith);
  if (implied !== undefined && conversationId !== undefined && implied !== conversationId) return undefined;

  const only = implied ?? conversationId;
  return {
    ...(only !== undefined && { conversationId: only }),
    ...(sender !== undefined && { senderId: sender }),
    toMeDirectly: toUser === me,
    read: readFilter(read, sender === me),
  };
}

function readFilter(read: boolean | undefined, isSent: boolean): ReadFilter {
  if (read === undefined) return ReadFilter.none;
  if (isSent) return read ? ReadFilter.sentRead : ReadFilter.sentUnread;
  return read ? ReadFilter.receivedRead : ReadFilter.receivedUnread;
}

const toKey = ([sentAt, conversationId, seq]: [string, ConversationId, number]): ListKey => ({
  sentAt,
  conversationId,
  seq,
});

function toLast(messages: readonly { sentAt: Date; conversationId: ConversationId; seq: number }[]): ListKey {
  const { sentAt, conversationId, seq } = messages.at(-1)!;
  return { sentAt: sentAt.toISOString(), conversationId, seq };
}

/** A full page goes on beyond its last message; a short one at the nearest key that was not looked at, which is included. */
function nextKey(last: ListKey | undefined, unseen: ListKey | null, order: 'newest' | 'oldest'): ListKey | undefined {
  if (last) return last;
  return unseen ? { ...unseen, seq: unseen.seq + (order === 'newest' ? 1 : -1) } : undefined;
}
