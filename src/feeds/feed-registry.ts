import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConversationId, UserId } from '../common/ids.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { MessageSent } from '../events/events.js';
import { messageView, recipientOf } from '../messages/message-views.service.js';
import { UsersService } from '../users/users.service.js';
import { ConversationFeed } from './conversation-feed.js';
import type { FeedSource } from './feed-source.js';
import {
  FeedsRepository,
  type BlocksRow,
  type FeedConversation,
  type MembershipRow,
  type MembersRow,
} from './feeds.repository.js';
import type { FanOutMessage } from './feed-subscriber.js';
import { LocalUser } from './local-user.js';

/** Before a read that failed is tried again, in milliseconds. */
const RETRY_MS = 250;

/** All feeds and local users of this process, and how both are read from the database. */
@Injectable()
export class FeedRegistry implements FeedSource {
  private readonly log = new Logger('feeds');
  private readonly usersById = new Map<UserId, LocalUser>();
  private readonly feedsById = new Map<ConversationId, ConversationFeed>();
  private hasClosed = false;

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: FeedsRepository,
    private readonly users: UsersService,
  ) {}

  /** Whether the process is ending: a read that failed is not tried again, and nobody should wait for anything. */
  get isClosing(): boolean {
    return this.hasClosed;
  }

  close(): void {
    this.hasClosed = true;
    for (const user of this.usersById.values()) user.notify(); // every waiting poll is answered
  }

  // ---- users and feeds ----

  get userCount(): number {
    return this.usersById.size;
  }

  localUsers(): Iterable<LocalUser> {
    return this.usersById.values();
  }

  localUser(id: UserId): LocalUser | undefined {
    return this.usersById.get(id);
  }

  /** The user of this id, who is local from now on, and for some minutes after the last use. */
  openUser(id: UserId): LocalUser {
    const known = this.usersById.get(id);
    if (known) return known;
    const user = new LocalUser(id);
    this.usersById.set(id, user);
    return user;
  }

  removeUser(user: LocalUser): void {
    this.usersById.delete(user.id);
    for (const feed of this.feedsOf(user)) feed.removeLocalUser(user);
  }

  feeds(): Iterable<ConversationFeed> {
    return this.feedsById.values();
  }

  feed(conversationId: ConversationId): ConversationFeed | undefined {
    return this.feedsById.get(conversationId);
  }

  openFeed(conversationId: ConversationId): ConversationFeed {
    const known = this.feedsById.get(conversationId);
    if (known) return known;
    const feed = new ConversationFeed(conversationId, this);
    this.feedsById.set(conversationId, feed);
    return feed;
  }

  /** The feeds that the user is a member of, as they are now: they may change while one goes through them. */
  feedsOf(user: LocalUser): ConversationFeed[] {
    return Array.from(user.conversationIds, (id) => this.feedsById.get(id)!);
  }

  // ---- what the database says ----

  /**
   * Reads blocks, then memberships, and reads both again if a hint about them came meanwhile. Applies them in the same
   * turn in which it resolves.
   */
  async load(user: LocalUser): Promise<MembershipRow[]> {
    for (;;) {
      const { refreshId } = user;
      const [blocks] = await this.repository.blocks(this.work.now, [user.id]);
      const rows = await this.repository.memberships(this.work.now, [user.id]);
      // guard: src/feeds/feed-events.spec.ts
      if (user.refreshId !== refreshId) continue;
      if (blocks) this.applyBlocks(user, blocks);
      user.markLoaded();
      for (const row of rows) this.openFeed(row.conversationId).addMemberRow(user, row);
      const present = new Set(rows.map(({ conversationId }) => conversationId));
      // guard: src/feeds/feed-events.spec.ts
      for (const feed of this.feedsOf(user)) if (!present.has(feed.conversationId)) feed.checkMembership(user);
      return rows;
    }
  }

  /** Tries again until it has succeeded. */
  async readBlocks(users: readonly LocalUser[]): Promise<void> {
    while (!this.hasClosed) {
      try {
        const ids = users.map(({ id }) => id);
        const rows = await this.repository.blocks(this.work.now, ids);
        this.applyAllBlocks(rows);
        return;
      } catch (error) {
        await this.readFailed(error);
      }
    }
  }

  /** Compares these users with the database: what it is ahead in is treated as a hint. */
  async compareWithDatabase(users: readonly LocalUser[]): Promise<void> {
    const ids = users.map(({ id }) => id);
    const blocks = await this.repository.blocks(this.work.now, ids);
    const rows = await this.repository.memberships(this.work.now, ids);
    this.applyAllBlocks(blocks);
    const present = new Map(users.map((user) => [user, new Set<ConversationId>()]));
    for (const row of rows) {
      const user = this.usersById.get(row.userId);
      if (!user) continue;
      present.get(user)?.add(row.conversationId);
      const feed = this.openFeed(row.conversationId);
      // guard: test/live-histories.spec.ts
      if (feed.joinedSeqOf(user) !== row.joinedSeq) feed.checkMembership(user);
      // guard: test/live-histories.spec.ts
      feed.expectAtLeast(row.lastSeq, row.membersVersion);
    }
    for (const [user, conversationIds] of present) {
      user.noteResync();
      // guard: test/live-histories.spec.ts
      for (const feed of this.feedsOf(user)) if (!conversationIds.has(feed.conversationId)) feed.checkMembership(user);
    }
  }

  private applyAllBlocks(rows: readonly BlocksRow[]): void {
    for (const row of rows) {
      const user = this.usersById.get(row.userId);
      if (user) this.applyBlocks(user, row);
    }
  }

  private applyBlocks(user: LocalUser, row: BlocksRow): void {
    // guard: test/live-histories.spec.ts
    if (row.blocksVersion < user.blocksVersion) return; // an older answer
    user.setBlocks(row.blocked, row.blockedBy);
    if (row.blocksVersion > user.blocksVersion) user.setBlocksVersion(row.blocksVersion);
  }

  // ---- for the feeds ----

  readMembers(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MembersRow | undefined> {
    return this.repository.members(this.work.now, conversationId, userIds);
  }

  async readGap(
    conversation: FeedConversation,
    afterSeq: number,
    toSeq: number,
    limit: number,
  ): Promise<FanOutMessage[]> {
    const rows = await this.repository.gap(this.work.now, conversation.conversationId, afterSeq, toSeq, limit);
    const senders = await this.users.summaries(rows.map(({ senderId }) => senderId));
    return rows.map((row) => {
      const sender = senders.get(row.senderId)!;
      const recipient = recipientOf(conversation, row.senderId);
      return {
        message: messageView({ ...row, clientMessageId: null }, { sender, recipient, read: false, isOwn: false }),
        clientMessageId: row.clientMessageId ?? undefined,
      };
    });
  }

  prepare(conversation: FeedConversation, sent: MessageSent): FanOutMessage | undefined {
    const sender = this.users.cachedSummary(sent.senderId);
    if (!sender) return undefined;
    const row = { ...sent, sentAt: new Date(sent.sentAt), clientMessageId: null };
    const recipient = recipientOf(conversation, sent.senderId);
    return {
      message: messageView(row, { sender, recipient, read: false, isOwn: false }),
      clientMessageId: sent.clientMessageId,
    };
  }

  release(feed: { readonly conversationId: ConversationId }): void {
    if (this.feedsById.get(feed.conversationId) === feed) this.feedsById.delete(feed.conversationId);
  }

  /** Logs it, and resolves when the read may be tried again. */
  async readFailed(error: unknown): Promise<void> {
    if (!this.hasClosed) this.log.warn(`could not read what hints left out, trying again: ${(error as Error).message}`);
    await sleep(RETRY_MS, undefined, { ref: false });
  }
}
