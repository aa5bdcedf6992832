import type { ConversationId, UserId } from '../common/ids.js';
import type { FeedSubscriber } from './feed-subscriber.js';

/** The blocks of a user without any. An empty Set takes 150 bytes, and most users would have two. */
const NOBODY: ReadonlySet<UserId> = new Set();

/** Milliseconds of the process, whole: a fraction would take 16 bytes each time. */
const now = (): number => Math.trunc(performance.now());

/**
 * A user of this process: one with sockets here, or one who has polled here lately. Its state changes by its own
 * methods only; `conversationIds` changes together with the members of the feed, in ConversationFeed.
 */
export class LocalUser {
  /** Replaced, never changed: most users have one subscriber, and an array of one takes 90 bytes less than a Set. */
  private subscriberList: readonly FeedSubscriber[] = [];
  private readonly feedIds = new Set<ConversationId>();
  private hidden = NOBODY;
  private hiddenBy = NOBODY;
  private version = 0;
  private hasLoaded = false;
  private refreshes = 0;
  private references = 0;
  private lastUsedAt = now();
  private lastResyncAt = now();
  private notifications = 0;
  private unreadNotifications = 0;
  private nothingUnreadAt = -1;
  /** Undefined while nobody waits. */
  private waiting: Set<() => void> | undefined;

  constructor(readonly id: UserId) {}

  // ---- subscribers ----

  get subscribers(): readonly FeedSubscriber[] {
    return this.subscriberList;
  }

  addSubscriber(subscriber: FeedSubscriber): void {
    this.subscriberList = this.subscriberList.concat(subscriber); // not [...], which leaves room for 16 more
  }

  removeSubscriber(subscriber: FeedSubscriber): void {
    this.subscriberList = this.subscriberList.filter((one) => one !== subscriber);
    this.noteUse();
  }

  // ---- conversations ----

  /** The conversations that the user is a member of, as their feeds know it. */
  get conversationIds(): ReadonlySet<ConversationId> {
    return this.feedIds;
  }

  /** Called by ConversationFeed.addMember alone. */
  enteredFeed(conversationId: ConversationId): void {
    this.feedIds.add(conversationId);
  }

  /** Called by ConversationFeed.removeMember alone. */
  leftFeed(conversationId: ConversationId): void {
    this.feedIds.delete(conversationId);
  }

  // ---- what was read from the database ----

  /** Whether blocks and memberships have been read. */
  get isLoaded(): boolean {
    return this.hasLoaded;
  }

  markLoaded(): void {
    this.hasLoaded = true;
  }

  /** Changes with each hint about the user's memberships or blocks: a read that was under way meanwhile is repeated. */
  get refreshId(): number {
    return this.refreshes;
  }

  invalidateReads(): void {
    this.refreshes++;
  }

  /** Keeps the user here while a read for them is under way. */
  async retainDuring<T>(work: () => Promise<T>): Promise<T> {
    this.references++;
    try {
      return await work();
    } finally {
      this.references--;
    }
  }

  /** When they were last compared with the database, in milliseconds of the process. */
  get resyncedAt(): number {
    return this.lastResyncAt;
  }

  noteResync(): void {
    this.lastResyncAt = now();
  }

  // ---- blocks ----

  get blocksVersion(): number {
    return this.version;
  }

  /** Senders whose group messages the user does not see. */
  get hiddenSenders(): ReadonlySet<UserId> {
    return this.hidden;
  }

  /** Whether there is a block in either direction: neither of the two sees the receipts and typing of the other. */
  isBlockedEitherWay(other: UserId): boolean {
    return this.hidden.has(other) || this.hiddenBy.has(other);
  }

  setBlocks(blocked: readonly UserId[], blockedBy: readonly UserId[]): void {
    this.hidden = blocked.length > 0 ? new Set(blocked) : NOBODY;
    this.hiddenBy = blockedBy.length > 0 ? new Set(blockedBy) : NOBODY;
  }

  /** At once, before the database says exactly. */
  hideSender(sender: UserId): void {
    this.hidden = new Set([...this.hidden, sender]);
  }

  /** At once, before the database says exactly. */
  addBlocker(blocker: UserId): void {
    this.hiddenBy = new Set([...this.hiddenBy, blocker]);
  }

  /** From here on older answers of the database are ignored. */
  setBlocksVersion(blocksVersion: number): void {
    this.version = blocksVersion;
    for (const subscriber of this.subscriberList) subscriber.blocksChanged(blocksVersion);
    this.notify();
  }

  // ---- polls ----

  noteUse(): void {
    this.lastUsedAt = now();
  }

  /** Whether nobody has needed the user for so long. */
  isIdle(forMs: number): boolean {
    return this.subscriberList.length === 0 && this.references === 0 && now() - this.lastUsedAt > forMs;
  }

  /** Counts everything that has come for the user. */
  get notifyCount(): number {
    return this.notifications;
  }

  /** Counts what may be unread. */
  get unreadCount(): number {
    return this.unreadNotifications;
  }

  /** Something came. It may be unread, unless the user sent it. */
  notify(mayBeUnread = true): void {
    this.notifications++;
    if (mayBeUnread) this.unreadNotifications++;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.forEach((wake) => wake());
  }

  /** The database said that nothing is unread, when `unreadCount` was this. */
  setNothingUnread(unreadCount: number): void {
    this.nothingUnreadAt = unreadCount;
  }

  /** Whether nothing is unread, as far as the feeds know. */
  get hasNothingUnread(): boolean {
    return this.nothingUnreadAt === this.unreadNotifications;
  }

  /** Calls `wake` at the next notification. The answered function cancels that. */
  onNextNotify(wake: () => void): () => void {
    const waiting = (this.waiting ??= new Set());
    waiting.add(wake);
    return () => waiting.delete(wake);
  }
}
