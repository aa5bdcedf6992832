import type { Socket } from 'node:net';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConversationId, UserId } from '../common/ids.js';
import { EventBus } from '../events/event-bus.js';
import type { EventMap } from '../events/events.js';
import { UsersService } from '../users/users.service.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { FeedSubscription } from './feed-subscription.js';
import type { ConversationFeed } from './conversation-feed.js';
import { FeedsRepository, type MembershipRow } from './feeds.repository.js';
import type { ConversationChange, FeedSubscriber } from './feed-subscriber.js';
import { FeedRegistry } from './feed-registry.js';
import type { LocalUser } from './local-user.js';
import { WindowsService } from '../messages/windows.service.js';

/** Messages of one conversation that are read at once for a follower who is behind. */
const WINDOW = 50;
/** Of conversations without a position, at most this many of the newest messages are told. */
const MAX_BACKLOG = 200;
/** How often users without followers are looked through, and how long they are kept after they were last asked for. */
const SWEEP_MS = 30_000;
const KEPT_MS = 5 * 60_000;
/** Each user is compared with the database once in this time, spread out. */
const RESYNC_MS = 10 * 60_000;
const USERS_PER_RESYNC = 200;
const RETRY_MS = 250;

/** Where a client is in one conversation. */
export interface Position {
  readonly seq: number;
  readonly joinedSeq: number;
}

/** What a client says when it begins to follow. */
export interface Resume {
  readonly positions: ReadonlyMap<ConversationId, Position>;
  /** The client's; undefined: it holds nothing. */
  readonly blocksVersion: number | undefined;
  /** Conversations without a position begin at what was not delivered, at their end, or as joined anew. */
  readonly others: 'backlog' | 'end' | 'joined';
}

/**
 * What this process knows of the conversations that its users are in. Sockets, long polls and empty polls read it;
 * events feed it; a comparison with the database finds what events failed to say.
 */
@Injectable()
export class FeedsService implements OnModuleDestroy {
  private readonly log = new Logger(FeedsService.name);
  private readonly registry: FeedRegistry;
  private readonly users: ReadonlyMap<UserId, LocalUser>;
  private readonly feeds: ReadonlyMap<ConversationId, ConversationFeed>;
  private readonly timer = setInterval(() => this.maintain(), SWEEP_MS).unref();
  private resyncing: Promise<void> | undefined;
  private resyncAgain = false;

  constructor(
    private readonly bus: EventBus,
    repository: FeedsRepository,
    directory: UsersService,
    private readonly windows: WindowsService,
  ) {
    this.registry = new FeedRegistry(repository, directory, (error) => this.readFailed(error));
    this.users = this.registry.users;
    this.feeds = this.registry.feeds;
    bus.on('message.sent', (sent) => this.feeds.get(sent.conversationId)?.messageSent(sent));
    bus.on('receipt.moved', (receipt) => this.receiptMoved(receipt));
    bus.on('typing.started', (typing) => this.feeds.get(typing.conversationId)?.typing(typing));
    bus.on('conversation.opened', (opened) => this.membersChanged(opened));
    bus.on('members.joined', (joined) => this.membersChanged(joined, 'joined'));
    bus.on('members.left', (left) => this.membersChanged(left, 'left'));
    bus.on('member.role-changed', (changed) => this.membersChanged(changed, 'role'));
    bus.on('group.renamed', ({ conversationId }) =>
      this.feeds.get(conversationId)?.announce({ conversationId, change: 'renamed', isSmall: true }),
    );
    bus.on('group.deleted', (deleted) => this.groupDeleted(deleted));
    bus.on('block.changed', (changed) => this.blockChanged(changed));
    bus.onPossibleLoss(() => void this.resync());
  }

  onModuleDestroy(): void {
    this.registry.isClosing = true;
    clearInterval(this.timer);
    for (const user of this.users.values()) user.notify(); // whoever waits is answered
  }

  // ---- followers ----

  /**
   * Begins to follow: tells what does not fit the client's positions, then enters the feeds, all in one turn, so that
   * no hint falls between. What is behind is then for the follower to read on.
   */
  async attach(follower: FeedSubscriber, userId: UserId, resume: Resume, isOpen: () => boolean): Promise<void> {
    const user = this.users.get(userId) ?? this.registry.addUser(userId);
    user.refCount++;
    try {
      const memberships = await this.registry.load(user);
      if (isOpen()) this.subscribeAll(follower, user, memberships, resume);
    } finally {
      user.refCount--;
    }
  }

  /** All in one turn: a feed that has moved on since the memberships were read is what the cursors go by. */
  private subscribeAll(
    follower: FeedSubscriber,
    user: LocalUser,
    memberships: readonly MembershipRow[],
    resume: Resume,
  ): void {
    const areBlocksNew = resume.blocksVersion !== undefined && resume.blocksVersion !== user.blocksVersion;
    if (areBlocksNew) follower.blocksChanged(user.blocksVersion);
    const rows = new Map(memberships.map((row) => [row.conversationId, row]));
    for (const conversationId of resume.positions.keys()) {
      const isIn = this.feeds.get(conversationId)?.joinedSeqOf(user) !== undefined;
      if (!isIn) follower.left(conversationId);
    }
    user.subscribers = user.subscribers.concat(follower); // not [...], which leaves room for 16 more
    for (const feed of user.feeds) {
      if (feed.isUnlisted) continue;
      const row = rows.get(feed.conversationId);
      const joinedSeq = feed.joinedSeqOf(user)!;
      const position = areBlocksNew && row?.kind === Kind.group ? undefined : resume.positions.get(feed.conversationId);
      const start = row?.joinedSeq === joinedSeq ? startingSeq(row, position, resume.others) : undefined;
      if (start === undefined) follower.joined(feed.conversationId, joinedSeq);
      else feed.subscribe(follower, user, start);
    }
  }

  /** Enters one conversation that the follower was told to have joined, unless that, or the follower, is over. */
  enter(follower: FeedSubscriber, userId: UserId, conversationId: ConversationId, joinedSeq: number): void {
    const user = this.users.get(userId);
    if (!user?.subscribers.includes(follower) || !this.isMember(userId, conversationId, joinedSeq)) return;
    this.feeds.get(conversationId)!.subscribe(follower, user, joinedSeq);
  }

  /** Whether the user is in the conversation, in that membership, as far as this process knows. */
  isMember(userId: UserId, conversationId: ConversationId, joinedSeq?: number): boolean {
    const known = this.joinedSeqOf(userId, conversationId);
    return known !== undefined && (joinedSeq === undefined || known === joinedSeq);
  }

  /** Undefined where the user is not in the conversation, as far as this process knows. */
  joinedSeqOf(userId: UserId, conversationId: ConversationId): number | undefined {
    const user = this.users.get(userId);
    return user && this.feeds.get(conversationId)?.joinedSeqOf(user);
  }

  /** How far the log of a conversation is known to reach; undefined where this process does not follow it. */
  lastSeqOf(conversationId: ConversationId): number | undefined {
    return this.feeds.get(conversationId)?.lastSeq;
  }

  /** As it was last read or told. */
  blocksVersionOf(userId: UserId): number {
    return this.users.get(userId)?.blocksVersion ?? 0;
  }

  /** Asks the database whether the user is in the conversation, and since when. */
  checkMembership(userId: UserId, conversationId: ConversationId): void {
    const user = this.users.get(userId);
    if (user) this.feeds.get(conversationId)?.checkMembership(user);
  }

  /** Ends following. Answers where the client is, for it to be attached again. */
  detach(follower: FeedSubscriber, userId: UserId): Map<ConversationId, Position> {
    const positions = new Map<ConversationId, Position>();
    const user = this.users.get(userId);
    if (!user?.subscribers.includes(follower)) return positions;
    user.subscribers = user.subscribers.filter((one) => one !== follower);
    user.noteUse();
    for (const feed of user.feeds) {
      const cursor = feed.subscriptionOf(follower);
      const joinedSeq = feed.joinedSeqOf(user);
      if (cursor && joinedSeq !== undefined) positions.set(feed.conversationId, { seq: cursor.sentSeq, joinedSeq });
      feed.unsubscribe(follower);
    }
    return positions;
  }

  /** Reads one window for each of these cursors of one user, one statement for all, and tells what is in them. */
  async readBacklog(userId: UserId, cursors: readonly FeedSubscription[]): Promise<void> {
    const places = cursors.map(({ feed, user, scannedSeq }) => ({
      conversationId: feed.conversationId,
      seq: scannedSeq,
      joinedSeq: feed.joinedSeqOf(user),
    }));
    const windows = await this.windows.after(userId, places, WINDOW);
    for (const cursor of cursors) {
      const { feed, subscriber, user } = cursor;
      if (feed.subscriptionOf(subscriber) !== cursor) continue; // left, or entered anew, meanwhile
      const window = windows.get(feed.conversationId);
      if (!window) {
        feed.membershipNotFound(user);
        continue;
      }
      for (const message of window.items) {
        if (message.seq <= cursor.scannedSeq) continue;
        const afterSeq = cursor.sentSeq;
        cursor.sentSeq = message.seq; // first: a follower who becomes slow by it leaves from here
        subscriber.message(message, afterSeq);
        if (feed.subscriptionOf(subscriber) !== cursor) break;
      }
      cursor.scannedSeq = Math.max(cursor.scannedSeq, window.toSeq);
    }
  }

  // ---- polls ----

  /** The user, known from now on and for some minutes after. */
  async watch(userId: UserId): Promise<LocalUser> {
    const user = this.users.get(userId) ?? this.registry.addUser(userId);
    user.noteUse();
    if (!user.isLoaded) {
      user.refCount++;
      try {
        await this.registry.load(user);
      } finally {
        user.refCount--;
      }
    }
    return user;
  }

  /** Whether nothing is unread for the user: known for sure, and at once. */
  hasNothingUnread(userId: UserId): boolean {
    const user = this.users.get(userId);
    if (!user?.hasNothingUnread || !this.areReliable) return false;
    user.noteUse();
    return true;
  }

  /** Whether what the feeds say can be relied on: the bus was heard within the last second, and what it left out was found. */
  get areReliable(): boolean {
    return this.bus.isHealthy() && !this.resyncing;
  }

  /** Whether the process is ending: nobody should wait for anything any more. */
  get isClosing(): boolean {
    return this.registry.isClosing;
  }

  /** Waits until something has come for the user since `touchCount` was `since`, the time is up, or the client has gone. */
  async untilNotified(user: LocalUser, since: number, ms: number, connection: Socket): Promise<void> {
    if (user.notifyCount !== since || this.registry.isClosing || connection.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        forget();
        connection.off('close', done);
        resolve();
      };
      const forget = user.onNextNotify(done);
      const timer = setTimeout(done, ms);
      connection.once('close', done);
    });
    user.noteUse();
  }

  // ---- what events say ----

  private membersChanged(
    event: EventMap['members.left'] | EventMap['conversation.opened'],
    change?: 'joined' | 'left' | 'role',
  ): void {
    const { conversationId, membersVersion, userIds } = event;
    const here = userIds?.filter((id) => this.users.has(id));
    for (const user of here?.map((id) => this.users.get(id)!) ?? this.users.values()) user.refreshId++;
    const isNews = userIds === undefined || here!.length > 0;
    const feed =
      this.feeds.get(conversationId) ??
      (isNews && this.users.size > 0 ? this.registry.addFeed(conversationId) : undefined);
    const changes: ConversationChange[] = change
      ? (userIds ?? []).map((userId) => ({ conversationId, change, userId, isSmall: false }))
      : [];
    feed?.membersChanged(here, membersVersion, changes);
  }

  private groupDeleted({ conversationId }: EventMap['group.deleted']): void {
    for (const user of this.users.values()) user.refreshId++;
    this.feeds.get(conversationId)?.conversationDeleted();
  }

  /** Followers of a conversation; one's own devices also in one that is too large for receipts. */
  private receiptMoved(receipt: EventMap['receipt.moved']): void {
    this.feeds.get(receipt.conversationId)?.receipt(receipt);
  }

  /** What is hidden is hidden at once; then the database says exactly. */
  private blockChanged({ blockerId, blockedId, blocked, blocksVersion }: EventMap['block.changed']): void {
    const blocker = this.users.get(blockerId);
    const other = this.users.get(blockedId);
    if (blocker) {
      blocker.refreshId++;
      if (blocked) blocker.hiddenSenders = new Set([...blocker.hiddenSenders, blockedId]);
      if (blocksVersion > blocker.blocksVersion) this.registry.setBlocksVersion(blocker, blocksVersion);
    }
    if (other) {
      other.refreshId++;
      if (blocked) other.blockedBy = new Set([...other.blockedBy, blockerId]);
    }
    const concerned = [blocker, other].filter((user) => user?.isLoaded) as LocalUser[];
    if (concerned.length > 0) void this.registry.readBlocks(concerned);
  }

  // ---- comparing ----

  /** Compares every user, after a disturbance. One at a time; a disturbance meanwhile begins it again. */
  private async resync(): Promise<void> {
    this.resyncAgain = true;
    this.resyncing ??= this.resyncUntilStable().finally(() => (this.resyncing = undefined));
    await this.resyncing;
  }

  private async resyncUntilStable(): Promise<void> {
    while (this.resyncAgain && !this.registry.isClosing) {
      this.resyncAgain = false;
      try {
        const users = [...this.users.values()];
        for (let i = 0; i < users.length; i += USERS_PER_RESYNC) {
          await this.registry.compareWithDatabase(users.slice(i, i + USERS_PER_RESYNC));
        }
        for (const user of users) for (const follower of user.subscribers) follower.resynced();
      } catch (error) {
        this.resyncAgain = true;
        await this.readFailed(error);
      }
    }
  }

  /** Now and then: forgets who is no longer asked for, and compares whose turn it is. */
  private maintain(): void {
    const now = performance.now();
    for (const user of this.users.values()) if (isIdle(user, now)) this.registry.removeUser(user);
    const due = [...this.users.values()].filter(({ resyncedAt }) => now - resyncedAt > RESYNC_MS);
    const share = Math.ceil((this.users.size * 2 * SWEEP_MS) / RESYNC_MS);
    const chosen = due.slice(0, Math.max(share, 1));
    if (chosen.length > 0) void this.registry.compareWithDatabase(chosen).catch((error) => this.readFailed(error));
  }

  async readFailed(error: unknown): Promise<void> {
    if (!this.registry.isClosing)
      this.log.warn(`reading what hints left out failed, trying again: ${(error as Error).message}`);
    await sleep(RETRY_MS, undefined, { ref: false });
  }
}

const isIdle = (user: LocalUser, now: number): boolean =>
  user.subscribers.length === 0 && user.refCount === 0 && now - user.usedAt > KEPT_MS;

/** Where a follower begins; undefined: as joined anew, since its position does not fit. */
function startingSeq(row: MembershipRow, position: Position | undefined, others: Resume['others']): number | undefined {
  if (position) return isValidPosition(position, row) ? position.seq : undefined;
  if (others === 'joined') return undefined;
  return others === 'end' ? row.lastSeq : Math.max(row.deliveredSeq, row.lastSeq - MAX_BACKLOG);
}

/** A position counts where it is of this membership and not beyond the log (a restored database). */
const isValidPosition = (position: Position, row: MembershipRow): boolean =>
  position.joinedSeq === row.joinedSeq && position.seq >= row.joinedSeq && position.seq <= row.lastSeq;
