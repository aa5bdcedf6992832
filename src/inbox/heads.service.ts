import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isId, isMoment } from '../common/cursor.js';
import { HIGHEST_ID, type ConversationId, type UserId } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { conversationNotFound } from '../common/problems.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { Tx } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { MessageViews } from '../messages/message-views.service.js';
import type { Message } from '../messages/messages.dto.js';
import type { UserSummary } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { HeadsRepository, type HeadRow } from './heads.repository.js';
import type { Conversation, ConversationPage } from './inbox.dto.js';

/** The next page begins before this head. */
const headCursor = new CursorKind<[lastAt: string, conversationId: ConversationId]>('c1', isMoment, isId);

/** The heads of a user's conversations: what a list of chats shows. */
@Injectable()
export class HeadsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly views: MessageViews,
    private readonly repository: HeadsRepository,
  ) {}

  /** A page, newest first. A conversation that moves while one pages is found at the top again. */
  async list(me: ActingUser, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<ConversationPage> {
    const [lastAt, conversationId] = cursor === undefined ? ['infinity', HIGHEST_ID] : headCursor.decode(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.page(this.work.now, me.userId, atMost, { lastAt, conversationId }),
      (last) => headCursor.encode(last.lastAt.toISOString(), last.conversationId),
    );
    return { items: await this.show(this.work.now, me.userId, rows), ...next };
  }

  /** @throws conversation-not-found, user-not-found (404) */
  async get(me: ActingUser, conversation: string): Promise<Conversation> {
    const [head] = await this.of(me.userId, [await this.conversations.resolve(me, conversation)]);
    if (!head) throw conversationNotFound();
    return head;
  }

  /** The heads of those of these conversations that the user is in, newest first. */
  of(userId: UserId, conversationIds: readonly ConversationId[]): Promise<Conversation[]> {
    return this.within(this.work.now, userId, conversationIds);
  }

  /** Heads and names together: of the conversations that the user is in, and of these users. */
  async describe(
    userId: UserId,
    conversationIds: readonly ConversationId[],
    userIds: readonly UserId[],
  ): Promise<{ conversations: readonly Conversation[]; users: ReadonlyMap<UserId, UserSummary> }> {
    const [conversations, users] = await Promise.all([
      conversationIds.length > 0 ? this.of(userId, conversationIds) : [],
      this.users.summaries(userIds),
    ]);
    return { conversations, users };
  }

  /** As `of`, in a transaction. */
  async within(tx: Tx, userId: UserId, conversationIds: readonly ConversationId[]): Promise<Conversation[]> {
    return this.show(tx, userId, await this.repository.of(tx, userId, conversationIds));
  }

  private async show(tx: Tx, userId: UserId, rows: readonly HeadRow[]): Promise<Conversation[]> {
    const withMessage = rows.filter((row): row is HeadRow & { seq: number } => row.seq !== null);
    const peers = rows.flatMap((row) => (row.kind === Kind.direct ? [peerOf(row, userId)] : []));
    const [messages, users] = await Promise.all([this.views.of(tx, userId, withMessage), this.users.summaries(peers)]);
    const lastMessages = new Map<HeadRow, Message>(withMessage.map((row, i) => [row, messages[i]!]));
    return rows.map((row) => {
      const lastMessage = lastMessages.get(row);
      return {
        id: row.conversationId,
        ...(row.kind === Kind.direct
          ? { kind: 'direct', user: users.get(peerOf(row, userId))! }
          : { kind: 'group', group: { id: row.conversationId, name: row.name!, memberCount: row.memberCount } }),
        ...(lastMessage && { lastMessage }),
        lastSeq: row.lastSeq,
        joinedSeq: row.joinedSeq,
        readSeq: row.readSeq,
        deliveredSeq: row.deliveredSeq,
        unread: row.unread,
        ...(row.peerReadSeq !== null && { peerReadSeq: row.peerReadSeq }),
        ...(row.peerDeliveredSeq !== null && { peerDeliveredSeq: row.peerDeliveredSeq }),
      };
    });
  }
}

/** The other of a direct conversation; oneself in one's own. */
const peerOf = (row: HeadRow, userId: UserId): UserId => (row.userA === userId ? row.userB! : row.userA!);
