import { Injectable } from '@nestjs/common';
import type { ConversationId, MessageRef, UserId } from '../common/ids.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import { Kind } from '../conversations/conversation.entity.js';
import { WindowsService } from '../messages/windows.service.js';
import { FeedRegistry } from './feed-registry.js';
import type { FeedSubscriber, LaggingSubscription } from './feed-subscriber.js';
import { FeedSubscription } from './feed-subscription.js';
import type { MembershipRow } from './feeds.repository.js';
import type { LocalUser } from './local-user.js';

/** Messages of one conversation that are read at once for a subscription that lags. */
const WINDOW = 50;
/** In a conversation without a position, at most this many of the newest messages are sent. */
const MAX_BACKLOG = 200;

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
  /** Where conversations without a position begin: after what was delivered, at their end, or as if joined again. */
  readonly others: 'backlog' | 'end' | 'joined';
}

/** What a live reader asks of the feeds: to follow a user's conversations, and what this process knows of them. */
@Injectable()
export class FeedsService {
  constructor(
    private readonly registry: FeedRegistry,
    private readonly windows: WindowsService,
    private readonly work: UnitOfWork,
    private readonly bus: EventBus,
  ) {}

  /**
   * Begins to follow: tells what does not fit the client's positions, then subscribes to every feed, all in one turn, so
   * that no hint falls between. The subscriber then reads the backlog of what lags. Nothing happens unless `isOpen` when
   * the memberships have been read.
   */
  async attach(subscriber: FeedSubscriber, userId: UserId, resume: Resume, isOpen: () => boolean): Promise<void> {
    const user = this.registry.openUser(userId);
    await user.retainDuring(async () => {
      const memberships = await this.registry.load(user);
      if (isOpen()) this.subscribeAll(subscriber, user, memberships, resume);
    });
  }

  /** All in one turn. A feed that has moved on since the memberships were read decides where its subscription is. */
  private subscribeAll(
    subscriber: FeedSubscriber,
    user: LocalUser,
    memberships: readonly MembershipRow[],
    resume: Resume,
  ): void {
    const haveBlocksChanged = resume.blocksVersion !== undefined && resume.blocksVersion !== user.blocksVersion;
    // guard: test/live-histories.spec.ts
    if (haveBlocksChanged) subscriber.blocksChanged(user.blocksVersion);
    const rows = new Map(memberships.map((row) => [row.conversationId, row]));
    for (const conversationId of resume.positions.keys()) {
      // guard: test/live-histories.spec.ts
      if (!user.conversationIds.has(conversationId)) subscriber.left(conversationId);
    }
    user.addSubscriber(subscriber);
    for (const feed of this.registry.feedsOf(user)) {
      // guard: test/live-histories.spec.ts
      if (feed.isUnlisted) continue;
      const { conversationId } = feed;
      const row = rows.get(conversationId);
      const joinedSeq = feed.joinedSeqOf(user)!;
      const isVoid = haveBlocksChanged && row?.kind === Kind.group;
      // guard `isVoid` => `false`: test/live-histories.spec.ts
      const position = isVoid ? undefined : resume.positions.get(conversationId);
      const startSeq = row?.joinedSeq === joinedSeq ? startSeqOf(row, position, resume.others) : undefined;
      if (startSeq === undefined) subscriber.joined(conversationId, joinedSeq);
      else feed.subscribe(subscriber, user, startSeq);
    }
  }

  /** Subscribes to one conversation that the subscriber knows the user has joined, unless that membership, or the subscriber, is over. */
  subscribe(subscriber: FeedSubscriber, userId: UserId, conversationId: ConversationId, joinedSeq: number): void {
    const user = this.registry.localUser(userId);
    // guard `!user?.subscribers.includes(subscriber)` => `!user`: test/live-histories.spec.ts
    // guard `!this.isMember(userId, conversationId, joinedSeq)` => `!this.isMember(userId, conversationId)`: test/live-histories.spec.ts
    if (!user?.subscribers.includes(subscriber) || !this.isMember(userId, conversationId, joinedSeq)) return;
    this.registry.feed(conversationId)!.subscribe(subscriber, user, joinedSeq);
  }

  /** Ends following. Answers where the client is, so that it can be attached again. */
  detach(subscriber: FeedSubscriber, userId: UserId): Map<ConversationId, Position> {
    const positions = new Map<ConversationId, Position>();
    const user = this.registry.localUser(userId);
    if (!user?.subscribers.includes(subscriber)) return positions;
    for (const feed of this.registry.feedsOf(user)) {
      const subscription = feed.subscriptionOf(subscriber);
      if (!subscription) continue;
      positions.set(feed.conversationId, { seq: subscription.sentSeq, joinedSeq: feed.joinedSeqOf(user)! });
      feed.unsubscribe(subscriber);
    }
    user.removeSubscriber(subscriber);
    return positions;
  }

  /** Reads one window for each of these subscriptions of one user, in one statement, and sends what is in them. */
  async readBacklog(userId: UserId, lagging: readonly LaggingSubscription[]): Promise<void> {
    const subscriptions = lagging.filter(
      (one) => one instanceof FeedSubscription && one.isActive,
    ) as FeedSubscription[];
    const starts = subscriptions.map(({ conversationId, user, scannedSeq }) => ({
      conversationId,
      seq: scannedSeq,
      joinedSeq: this.registry.feed(conversationId)!.joinedSeqOf(user),
    }));
    const windows = await this.windows.after(this.work.now, userId, starts, WINDOW);
    for (const subscription of subscriptions) {
      // guard: test/live-histories.spec.ts
      if (!subscription.isActive) continue; // the user left, or was subscribed again, meanwhile
      const window = windows.get(subscription.conversationId);
      if (!window) {
        // guard: test/live-histories.spec.ts
        this.registry.feed(subscription.conversationId)!.membershipNotFound(subscription.user);
        continue;
      }
      for (const message of window.items) {
        // guard: test/live-histories.spec.ts
        if (message.seq <= subscription.scannedSeq) continue;
        const afterSeq = subscription.sentSeq;
        subscription.sentSeq = message.seq; // first: a subscriber that becomes slow by it resumes from here
        subscription.subscriber.message(message, afterSeq);
        if (!subscription.isActive) break;
      }
      // guard: test/live-histories.spec.ts
      subscription.scannedSeq = Math.max(subscription.scannedSeq, window.toSeq);
    }
  }

  /** Tells the other members that the user is typing. */
  publishTyping(userId: UserId, conversationId: ConversationId): void {
    this.bus.publish([{ name: 'typing.started', data: { conversationId, userId } }]);
  }

  // ---- what this process knows ----

  /** Whether the user is in the conversation, in that membership, as far as this process knows. */
  isMember(userId: UserId, conversationId: ConversationId, joinedSeq?: number): boolean {
    const known = this.joinedSeqOf(userId, conversationId);
    return known !== undefined && (joinedSeq === undefined || known === joinedSeq);
  }

  /** Undefined if the user is not in the conversation, as far as this process knows. */
  joinedSeqOf(userId: UserId, conversationId: ConversationId): number | undefined {
    const user = this.registry.localUser(userId);
    return user && this.registry.feed(conversationId)?.joinedSeqOf(user);
  }

  /** Whether the message is in the user's membership and within the log, as far as this process knows. */
  hasReached(userId: UserId, { conversationId, seq }: MessageRef): boolean {
    const joinedSeq = this.joinedSeqOf(userId, conversationId);
    return joinedSeq !== undefined && seq > joinedSeq && seq <= this.registry.feed(conversationId)!.lastSeq;
  }

  /** As it was last read or received. */
  blocksVersionOf(userId: UserId): number {
    return this.registry.localUser(userId)?.blocksVersion ?? 0;
  }

  /** Asks the database whether the user is in the conversation, and since when. */
  checkMembership(userId: UserId, conversationId: ConversationId): void {
    const user = this.registry.localUser(userId);
    if (user) this.registry.feed(conversationId)?.checkMembership(user);
  }

  /** Logs it, and resolves when the read may be tried again. */
  readFailed(error: unknown): Promise<void> {
    return this.registry.readFailed(error);
  }
}

/** Where a subscription starts; undefined: as if joined again, since its position does not fit. */
function startSeqOf(row: MembershipRow, position: Position | undefined, others: Resume['others']): number | undefined {
  if (position) return isValidPosition(position, row) ? position.seq : undefined;
  if (others === 'joined') return undefined;
  return others === 'end' ? row.lastSeq : Math.max(row.deliveredSeq, row.lastSeq - MAX_BACKLOG);
}

/** A position counts if it is of this membership and not beyond the log, which a restored database may have made shorter. */
const isValidPosition = (position: Position, row: MembershipRow): boolean =>
  position.joinedSeq === row.joinedSeq && position.seq >= row.joinedSeq && position.seq <= row.lastSeq;
