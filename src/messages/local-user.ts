import type { UserId } from '../common/ids.js';
import type { Feed } from './feed.js';
import type { Follower } from './follower.js';

/** A user of this process: who reads live here, or has polled here lately. */
export class LocalUser {
  readonly followers = new Set<Follower>();
  /** The feeds that the user is a member of. */
  readonly feeds = new Set<Feed>();
  /** Whose group messages the user does not see. */
  blocked: ReadonlySet<UserId> = new Set();
  blockedBy: ReadonlySet<UserId> = new Set();
  blocksVersion = 0;
  /** Whether blocks and memberships have been read. */
  isLoaded = false;
  /** Counts the hints that concern the user's memberships or blocks: a read that one overtook is read again. */
  epoch = 0;
  /** Reads under way that need the user to stay. */
  pins = 0;
  /** When the user was last asked for, in milliseconds of the process. */
  usedAt = performance.now();
  /** When they were last compared with the database. */
  comparedAt = performance.now();

  private touches = 0;
  private unreadTouches = 0;
  private quietAt = -1;
  private readonly waiting = new Set<() => void>();

  constructor(readonly id: UserId) {}

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
    for (const wake of this.waiting) wake();
    this.waiting.clear();
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
    this.waiting.add(wake);
    return () => this.waiting.delete(wake);
  }

  /** A block either way: neither of the two sees the other's receipts and typing. */
  isApartFrom(other: UserId): boolean {
    return this.blocked.has(other) || this.blockedBy.has(other);
  }
}
