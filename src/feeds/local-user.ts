import type { UserId } from '../common/ids.js';
import type { ConversationFeed } from './conversation-feed.js';
import type { FeedSubscriber } from './feed-subscriber.js';

/** Of a user without blocks. An empty Set of one's own takes 150 bytes, and most users would have two. */
const NOBODY: ReadonlySet<UserId> = new Set();

/** Milliseconds of the process, whole: fractions would take 16 bytes each. */
const now = (): number => Math.trunc(performance.now());

/** A user of this process: who reads live here, or has polled here lately. */
export class LocalUser {
  /** Replaced, never changed: most users have one, and an array of one takes 90 bytes less than a Set. */
  subscribers: readonly FeedSubscriber[] = [];
  /** The feeds that the user is a member of. */
  readonly feeds = new Set<ConversationFeed>();
  /** Whose group messages the user does not see. */
  hiddenSenders = NOBODY;
  blockedBy = NOBODY;
  blocksVersion = 0;
  /** Whether blocks and memberships have been read. */
  isLoaded = false;
  /** Counts the hints that concern the user's memberships or blocks: a read that one overtook is read again. */
  refreshId = 0;
  /** Reads under way that need the user to stay. */
  refCount = 0;
  /** When the user was last asked for, in milliseconds of the process. */
  usedAt = now();
  /** When they were last compared with the database. */
  resyncedAt = now();

  private notifications = 0;
  private unreadNotifications = 0;
  private nothingUnreadAt = -1;
  /** Undefined while nobody waits. */
  private waiting: Set<() => void> | undefined;

  constructor(readonly id: UserId) {}

  noteUse(): void {
    this.usedAt = now();
  }

  noteResync(): void {
    this.resyncedAt = now();
  }

  setBlocks(blocked: readonly UserId[], blockedBy: readonly UserId[]): void {
    this.hiddenSenders = blocked.length > 0 ? new Set(blocked) : NOBODY;
    this.blockedBy = blockedBy.length > 0 ? new Set(blockedBy) : NOBODY;
  }

  /** Counts all that has come. */
  get notifyCount(): number {
    return this.notifications;
  }

  /** Counts what may have put something unread in front of the user. */
  get unreadCount(): number {
    return this.unreadNotifications;
  }

  /** Something came, which may be unread; nothing of one's own is. */
  notify(mayBeUnread = true): void {
    this.notifications++;
    if (mayBeUnread) this.unreadNotifications++;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.forEach((wake) => wake());
  }

  /** Nothing was unread when the database was asked, at a time when `unreadCount` was this. */
  setNothingUnread(unreadCount: number): void {
    this.nothingUnreadAt = unreadCount;
  }

  /** Whether nothing is unread that the feeds know of. */
  get hasNothingUnread(): boolean {
    return this.nothingUnreadAt === this.unreadNotifications;
  }

  /** Resolves at the next touch; the answered function ends the wait. */
  onNextNotify(wake: () => void): () => void {
    const waiting = (this.waiting ??= new Set());
    waiting.add(wake);
    return () => waiting.delete(wake);
  }

  /** A block either way: neither of the two sees the other's receipts and typing. */
  isBlockedEitherWay(other: UserId): boolean {
    return this.hiddenSenders.has(other) || this.blockedBy.has(other);
  }
}
