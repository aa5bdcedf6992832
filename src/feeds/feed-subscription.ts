import type { FeedSubscriber, LaggingSubscription } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';
import type { ConversationId } from '../common/ids.js';

/** What a subscription needs to know of its feed. */
interface FollowedLog {
  readonly conversationId: ConversationId;
  readonly lastSeq: number;
}

/** The place of one subscriber in one feed. Always sentSeq <= scannedSeq. */
export class FeedSubscription implements LaggingSubscription {
  /** Last seq looked at: sent, or hidden from this user. */
  scannedSeq: number;
  /** Last seq that the client knows: its position, its joinedSeq or its last message. */
  sentSeq: number;
  private hasEnded = false;

  constructor(
    private readonly log: FollowedLog,
    readonly subscriber: FeedSubscriber,
    readonly user: LocalUser,
    startSeq: number,
  ) {
    this.scannedSeq = startSeq;
    this.sentSeq = startSeq;
  }

  get conversationId(): ConversationId {
    return this.log.conversationId;
  }

  get isLagging(): boolean {
    return !this.hasEnded && this.scannedSeq < this.log.lastSeq;
  }

  /** Whether the subscriber is still in the feed through this subscription. */
  get isActive(): boolean {
    return !this.hasEnded;
  }

  /** Called by the feed alone, when it removes the subscription. */
  end(): void {
    this.hasEnded = true;
  }
}
