import type { ConversationId, UserId } from '../common/ids.js';
import type { MessageSent } from '../events/events.js';
import type { UsersService } from '../users/users.service.js';
import { ConversationFeed, type FeedSource } from './conversation-feed.js';
import type {
  BlocksRow,
  FeedConversation,
  FeedsRepository,
  FeedState,
  MembershipRow,
  MembersRow,
} from './feeds.repository.js';
import type { FanOutMessage } from './feed-subscriber.js';
import { LocalUser } from './local-user.js';
import { messageView, recipientOf } from '../messages/message-views.service.js';

/** The users of this process and the conversations they are in, and how both are read from the database. */
export class FeedRegistry implements FeedSource {
  readonly users = new Map<UserId, LocalUser>();
  readonly feeds = new Map<ConversationId, ConversationFeed>();
  /** Whether the process is ending: nothing is read again that has failed. */
  isClosing = false;

  constructor(
    private readonly repository: FeedsRepository,
    private readonly userSummaries: UsersService,
    /** Resolves when a read that has failed may be tried again. */
    readonly readFailed: (error: unknown) => Promise<void>,
  ) {}

  addUser(id: UserId): LocalUser {
    const user = new LocalUser(id);
    this.users.set(id, user);
    return user;
  }

  removeUser(user: LocalUser): void {
    this.users.delete(user.id);
    for (const feed of [...user.feeds]) feed.removeLocalUser(user);
  }

  private feedOf({ conversationId }: FeedState): ConversationFeed {
    return this.feeds.get(conversationId) ?? this.addFeed(conversationId);
  }

  addFeed(conversationId: ConversationId): ConversationFeed {
    const feed = new ConversationFeed(conversationId, this);
    this.feeds.set(conversationId, feed);
    return feed;
  }

  // ---- what the database says ----

  /** Reads blocks, then memberships, again where a hint came meanwhile, and takes them over in the turn in which it resolves. */
  async load(user: LocalUser): Promise<MembershipRow[]> {
    for (;;) {
      const { refreshId } = user;
      const [blocks] = await this.repository.blocks([user.id]);
      const rows = await this.repository.memberships([user.id]);
      if (user.refreshId !== refreshId) continue;
      if (blocks) this.applyBlocks(user, blocks);
      user.isLoaded = true;
      for (const row of rows) this.feedOf(row).addMemberRow(user, row);
      const present = new Set(rows.map(({ conversationId }) => conversationId));
      for (const feed of user.feeds) if (!present.has(feed.conversationId)) feed.checkMembership(user);
      return rows;
    }
  }

  async readBlocks(users: readonly LocalUser[]): Promise<void> {
    while (!this.isClosing) {
      try {
        for (const row of await this.repository.blocks(users.map(({ id }) => id))) {
          const user = this.users.get(row.userId);
          if (user) this.applyBlocks(user, row);
        }
        return;
      } catch (error) {
        await this.readFailed(error);
      }
    }
  }

  private applyBlocks(user: LocalUser, row: BlocksRow): void {
    if (row.blocksVersion < user.blocksVersion) return; // an older answer
    user.setBlocks(row.blocked, row.blockedBy);
    if (row.blocksVersion > user.blocksVersion) this.setBlocksVersion(user, row.blocksVersion);
  }

  /** Answers of the database that are older are ignored from here on. */
  setBlocksVersion(user: LocalUser, blocksVersion: number): void {
    user.blocksVersion = blocksVersion;
    for (const follower of user.subscribers) follower.blocksChanged(blocksVersion);
    user.notify();
  }

  /** What the database is ahead in is treated as a hint. */
  async compareWithDatabase(users: readonly LocalUser[]): Promise<void> {
    const ids = users.map(({ id }) => id);
    const blocks = await this.repository.blocks(ids);
    const rows = await this.repository.memberships(ids);
    for (const row of blocks) {
      const user = this.users.get(row.userId);
      if (user) this.applyBlocks(user, row);
    }
    const present = new Map(users.map((user) => [user, new Set<ConversationId>()]));
    for (const row of rows) {
      const user = this.users.get(row.userId);
      if (!user) continue;
      present.get(user)?.add(row.conversationId);
      const feed = this.feeds.get(row.conversationId) ?? this.addFeed(row.conversationId);
      if (feed.joinedSeqOf(user) !== row.joinedSeq) feed.checkMembership(user);
      feed.expectAtLeast(row.lastSeq, row.membersVersion);
    }
    for (const [user, conversations] of present) {
      user.noteResync();
      for (const feed of user.feeds) if (!conversations.has(feed.conversationId)) feed.checkMembership(user);
    }
  }

  // ---- for the feeds ----

  readMembers(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MembersRow | undefined> {
    return this.repository.members(conversationId, userIds);
  }

  async readGap(
    conversation: FeedConversation,
    afterSeq: number,
    toSeq: number,
    limit: number,
  ): Promise<FanOutMessage[]> {
    const rows = await this.repository.gap(conversation.conversationId, afterSeq, toSeq, limit);
    const senders = await this.userSummaries.summaries(rows.map(({ senderId }) => senderId));
    return rows.map((row) => ({
      message: messageView(
        { ...row, clientMessageId: null },
        {
          sender: senders.get(row.senderId)!,
          recipient: recipientOf(conversation, row.senderId),
          read: false,
          isOwn: false,
        },
      ),
      clientMessageId: row.clientMessageId ?? undefined,
    }));
  }

  prepare(conversation: FeedConversation, sent: MessageSent): FanOutMessage | undefined {
    const sender = this.userSummaries.cachedSummary(sent.senderId);
    if (!sender) return undefined;
    const row = { ...sent, sentAt: new Date(sent.sentAt), clientMessageId: null };
    const recipient = recipientOf(conversation, sent.senderId);
    return {
      message: messageView(row, { sender, recipient, read: false, isOwn: false }),
      clientMessageId: sent.clientMessageId,
    };
  }

  localUsers(): Iterable<LocalUser> {
    return this.users.values();
  }

  localUser(id: UserId): LocalUser | undefined {
    return this.users.get(id);
  }

  release(feed: ConversationFeed): void {
    if (this.feeds.get(feed.conversationId) === feed) this.feeds.delete(feed.conversationId);
  }
}
