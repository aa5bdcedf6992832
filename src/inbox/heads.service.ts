import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isMoment } from '../common/cursor.js';
import { isUuid, type ConversationId, type UserId } from '../common/ids.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { conversationNotFound } from '../common/problems.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { Db } from '../database/db.js';
import { MessageViews } from '../messages/message-views.service.js';
import type { Message } from '../messages/messages.dto.js';
import type { UserSummary } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { HeadsRepository, type HeadRow } from './heads.repository.js';
import type { Conversation, ConversationPage } from './inbox.dto.js';

const headCursor = new CursorKind<[lastAt: string, conversationId: ConversationId]>(
  'c1',
  ([lastAt, id, ...rest]) => isMoment(lastAt) && typeof id === 'string' && isUuid(id) && rest.length === 0,
);

const MAX_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The heads of a user's conversations: what a list of chats shows. */
@Injectable()
export class HeadsService {
  constructor(
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly views: MessageViews,
    private readonly repository: HeadsRepository,
  ) {}

  /** A page, newest first. A conversation that moves while one pages is found at the top again. */
  async list(me: ActingUser, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<ConversationPage> {
    const [lastAt, conversationId] = cursor === undefined ? ['infinity', MAX_UUID] : headCursor.decode(cursor);
    const rows = await this.repository.page(me.userId, limit + 1, { lastAt, conversationId });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const items = await this.show(me.userId, page);
    return {
      items,
      ...(rows.length > limit && last && { next: headCursor.encode(last.lastAt.toISOString(), last.conversationId) }),
    };
  }

  /** @throws conversation-not-found, user-not-found (404) */
  async get(me: ActingUser, conversation: string): Promise<Conversation> {
    const [head] = await this.of(me.userId, [await this.conversations.resolve(me, conversation)]);
    if (!head) throw conversationNotFound();
    return head;
  }

  /** The heads of those of these conversations that the user is in, newest first. */
  async of(userId: UserId, conversationIds: readonly ConversationId[], db?: Db): Promise<Conversation[]> {
    return this.show(userId, await this.repository.of(userId, conversationIds, db), db);
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

  private async show(userId: UserId, rows: readonly HeadRow[], db?: Db): Promise<Conversation[]> {
    const withMessage = rows.filter((row): row is HeadRow & { seq: number } => row.seq !== null);
    const peers = rows.flatMap((row) => (row.kind === Kind.direct ? [peerOf(row, userId)] : []));
    const [messages, users] = await Promise.all([this.views.of(userId, withMessage, db), this.users.summaries(peers)]);
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
