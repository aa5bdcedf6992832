import type { ConversationId, UserId } from '../common/ids.js';
import type { Tx } from '../database/tx.js';
import type { MessageSent } from '../events/events.js';
import type { UsersService } from '../users/users.service.js';
import { Feed, type FeedSource } from './conversation-feed.js';
import type {
  BlocksRow,
  FedConversation,
  FeedsRepository,
  FeedState,
  MembershipRow,
  MembersRow,
} from './feeds.repository.js';
import type { Passed } from './feed-subscriber.js';
import { LocalUser } from './local-user.js';
import { messageView, recipientOf } from '../messages/message-views.service.js';

/** The users of this process and the conversations they are in, and how both are read from the database. */
export class Knowledge implements FeedSource {
  readonly users = new Map<UserId, LocalUser>();
  readonly feeds = new Map<ConversationId, Feed>();
  /** Whether the process is ending: nothing is read again that has failed. */
  isClosing = false;

  constructor(
    private readonly tx: Tx,
    private readonly repository: FeedsRepository,
    private readonly directory: UsersService,
    /** Resolves when a read that has failed may be tried again. */
    readonly failed: (error: unknown) => Promise<void>,
  ) {}

  addUser(id: UserId): LocalUser {
    const user = new LocalUser(id);
    this.users.set(id, user);
    return user;
  }

  removeUser(user: LocalUser): void {
    this.users.delete(user.id);
    for (const feed of [...user.feeds]) feed.forget(user);
  }

  private feedOf({ conversationId }: FeedState): Feed {
    return this.feeds.get(conversationId) ?? this.addFeed(conversationId);
  }

  addFeed(conversationId: ConversationId): Feed {
    const feed = new Feed(conversationId, this);
    this.feeds.set(conversationId, feed);
    return feed;
  }

  // ---- what the database says ----

  /** Reads blocks, then memberships, again where a hint came meanwhile, and takes them over in the turn in which it resolves. */
  async load(user: LocalUser): Promise<MembershipRow[]> {
    for (;;) {
      const { epoch } = user;
      const [blocks] = await this.repository.blocks(this.tx, [user.id]);
      const rows = await this.repository.memberships(this.tx, [user.id]);
      if (user.epoch !== epoch) continue;
      if (blocks) this.takeBlocks(user, blocks);
      user.isLoaded = true;
      for (const row of rows) this.feedOf(row).admit(user, row);
      const present = new Set(rows.map(({ conversationId }) => conversationId));
      for (const feed of user.feeds) if (!present.has(feed.conversationId)) feed.ask(user);
      return rows;
    }
  }

  async readBlocks(users: readonly LocalUser[]): Promise<void> {
    while (!this.isClosing) {
      try {
        for (const row of await this.repository.blocks(
          this.tx,
          users.map(({ id }) => id),
        )) {
          const user = this.users.get(row.userId);
          if (user) this.takeBlocks(user, row);
        }
        return;
      } catch (error) {
        await this.failed(error);
      }
    }
  }

  private takeBlocks(user: LocalUser, row: BlocksRow): void {
    if (row.blocksVersion < user.blocksVersion) return; // an older answer
    user.takeBlocks(row.blocked, row.blockedBy);
    if (row.blocksVersion > user.blocksVersion) this.raiseBlocksVersion(user, row.blocksVersion);
  }

  /** Answers of the database that are older are ignored from here on. */
  raiseBlocksVersion(user: LocalUser, blocksVersion: number): void {
    user.blocksVersion = blocksVersion;
    for (const follower of user.followers) follower.blocksChanged(blocksVersion);
    user.touch();
  }

  /** What the database is ahead in is treated as a hint. */
  async compare(users: readonly LocalUser[]): Promise<void> {
    const ids = users.map(({ id }) => id);
    const blocks = await this.repository.blocks(this.tx, ids);
    const rows = await this.repository.memberships(this.tx, ids);
    for (const row of blocks) {
      const user = this.users.get(row.userId);
      if (user) this.takeBlocks(user, row);
    }
    const present = new Map(users.map((user) => [user, new Set<ConversationId>()]));
    for (const row of rows) {
      const user = this.users.get(row.userId);
      if (!user) continue;
      present.get(user)?.add(row.conversationId);
      const feed = this.feeds.get(row.conversationId) ?? this.addFeed(row.conversationId);
      if (feed.joinedSeqOf(user) !== row.joinedSeq) feed.ask(user);
      feed.expect(row.lastSeq, row.membersVersion);
    }
    for (const [user, conversations] of present) {
      user.noteComparison();
      for (const feed of user.feeds) if (!conversations.has(feed.conversationId)) feed.ask(user);
    }
  }

  // ---- for the feeds ----

  members(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MembersRow | undefined> {
    return this.repository.members(this.tx, conversationId, userIds);
  }

  async gap(conversation: FedConversation, afterSeq: number, toSeq: number, limit: number): Promise<Passed[]> {
    const rows = await this.repository.gap(this.tx, conversation.conversationId, afterSeq, toSeq, limit);
    const senders = await this.directory.summaries(rows.map(({ senderId }) => senderId));
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

  ready(conversation: FedConversation, sent: MessageSent): Passed | undefined {
    const sender = this.directory.rememberedSummary(sent.senderId);
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

  dismissed(feed: Feed): void {
    if (this.feeds.get(feed.conversationId) === feed) this.feeds.delete(feed.conversationId);
  }
}
