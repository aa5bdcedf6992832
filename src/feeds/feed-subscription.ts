import type { Feed } from './conversation-feed.js';
import type { Follower } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';

/** Where one follower is in one conversation. */
export class Cursor {
  constructor(
    readonly feed: Feed,
    readonly follower: Follower,
    readonly user: LocalUser,
    /** The last seq looked at. */
    public at: number,
    /** The last seq the client knows: its position, its joinedSeq or its last message. */
    public told: number,
  ) {}

  /** Whether it is the follower's place still, and not at the feed's end. */
  get isBehind(): boolean {
    return this.at < this.feed.lastSeq && this.feed.cursorOf(this.follower) === this;
  }
}
