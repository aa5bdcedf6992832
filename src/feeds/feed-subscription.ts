import type { ConversationFeed } from './conversation-feed.js';
import type { FeedSubscriber } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';

/** Where one follower is in one conversation. */
export class FeedSubscription {
  constructor(
    readonly feed: ConversationFeed,
    readonly subscriber: FeedSubscriber,
    readonly user: LocalUser,
    /** The last seq looked at. */
    public scannedSeq: number,
    /** The last seq the client knows: its position, its joinedSeq or its last message. */
    public sentSeq: number,
  ) {}

  /** Whether it is the follower's place still, and not at the feed's end. */
  get isLagging(): boolean {
    return this.scannedSeq < this.feed.lastSeq && this.feed.subscriptionOf(this.subscriber) === this;
  }
}
