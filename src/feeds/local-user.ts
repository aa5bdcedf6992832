import type { UserId } from '../common/ids.js';
import type { Feed } from './conversation-feed.js';
import type { Follower } from './feed-subscriber.js';

/** Of a user without blocks. An empty Set of one's own takes 150 bytes, and most users would have two. */
const NOBODY: ReadonlySet<UserId> = new Set();

/** Milliseconds of the process, whole: fractions would take 16 bytes each. */
const now = (): number => Math.trunc(performance.now());

/** A user of this process: who reads live here, or has polled here lately. */
export class LocalUser {
  /** Replaced, never changed: most users have one, and an array of one takes 90 bytes less than a Set. */
  followers: readonly Follower[] = [];
  /** The feeds that the user is a member of. */
  readonly feeds = new Set<Feed>();
  /** Whose group messages the user does not see. */
  blocked = NOBODY;
  blockedBy = NOBODY;
  blocksVersion = 0;
  /** Whether blocks and memberships have been read. */
  isLoaded = false;
  /** Counts the hints that concern the user's memberships or blocks: a read that one overtook is read again. */
  epoch = 0;
  /** Reads under way that need the user to stay. */
  pins = 0;
  /** When the user was last asked for, in milliseconds of the process. */
  usedAt = now();
  /** When they were last compared with the database. */
  comparedAt = now();

  private touches = 0;
  private unreadTouches = 0;
  private quietAt = -1;
  /** Undefined while nobody waits. */
  private waiting: Set<() => void> | undefined;

  constructor(readonly id: UserId) {}

  noteUse(): void {
    this.usedAt = now();
  }

  noteComparison(): void {
    this.comparedAt = now();
  }

  takeBlocks(blocked: readonly UserId[], blockedBy: readonly UserId[]): void {
    this.blocked = blocked.length > 0 ? new Set(blocked) : NOBODY;
    this.blockedBy = blockedBy.length > 0 ? new Set(blockedBy) : NOBODY;
  }

  /** Counts all that has come. */
  get touchCount(): number {
    return this.touches;
  }

  /** Counts what may have put something unread in front of the user. */
  get unreadCount(): number {
    return this.unreadTouches;
  }

  /** Something came, which may be unread; nothing of one's own is. */
  touch(mayBeUnread = true): void {
    this.touches++;
    if (mayBeUnread) this.unreadTouches++;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.forEach((wake) => wake());
  }

  /** Nothing was unread when the database was asked, at a time when `unreadCount` was this. */
  setQuiet(unreadCount: number): void {
    this.quietAt = unreadCount;
  }

  /** Whether nothing is unread that the feeds know of. */
  get isQuiet(): boolean {
    return this.quietAt === this.unreadTouches;
  }

  /** Resolves at the next touch; the answered function ends the wait. */
  nextTouch(wake: () => void): () => void {
    const waiting = (this.waiting ??= new Set());
    waiting.add(wake);
    return () => waiting.delete(wake);
  }

  /** A block either way: neither of the two sees the other's receipts and typing. */
  isApartFrom(other: UserId): boolean {
    return this.blocked.has(other) || this.blockedBy.has(other);
  }
}
