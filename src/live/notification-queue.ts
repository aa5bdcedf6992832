import type { ConversationId, UserId } from '../common/ids.js';
import type { ConversationChange } from '../feeds/feed-subscriber.js';
import type { ConversationFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';

/** Heads that are read at once. */
const HEADS_AT_ONCE = 50;

/** A change that is sent once its head and names have been read. */
interface Notification extends ConversationChange {
  /** The receiver's membership that it belongs to: in another one it is not sent any more. */
  readonly joinedSeq: number;
  /** The receiver's own joining: it comes with the head of that very membership. */
  readonly isOwnJoin: boolean;
}

/** The receiver of notifications. */
export interface NotificationTarget {
  readonly userId: UserId;
  readonly isOpen: boolean;
  send(frame: ConversationFrame): void;
  /** The receiver knows that they have joined: the conversation's messages follow from here on. */
  joinedSent(conversationId: ConversationId, joinedSeq: number): void;
}

/** Changes of conversations for one socket: sent in their order, although some have to be read first. */
export class NotificationQueue {
  private queue = new Set<Notification>();
  private isSending = false;

  constructor(
    private readonly services: Pick<LiveServices, 'feeds' | 'heads'>,
    private readonly target: NotificationTarget,
  ) {}

  addOwnJoin(conversationId: ConversationId, joinedSeq: number): void {
    const { userId } = this.target;
    this.add({ conversationId, change: 'joined', userId, isSmall: true, joinedSeq, isOwnJoin: true });
  }

  addChange(change: ConversationChange): void {
    const joinedSeq = this.services.feeds.joinedSeqOf(this.target.userId, change.conversationId);
    if (joinedSeq !== undefined) this.add({ ...change, joinedSeq, isOwnJoin: false });
  }

  clear(): void {
    this.queue.clear();
  }

  private add(notification: Notification): void {
    this.queue.add(notification);
    if (!this.isSending) void this.sendAll();
  }

  private async sendAll(): Promise<void> {
    this.isSending = true;
    while (this.queue.size > 0 && this.target.isOpen) {
      try {
        await this.sendSome(this.next());
      } catch (error) {
        await this.services.feeds.readFailed(error);
      }
    }
    this.isSending = false;
  }

  /** Own joins that follow each other are read together; every other change is sent by itself. */
  private next(): Notification[] {
    const next: Notification[] = [];
    for (const notification of this.queue) {
      if (!notification.isOwnJoin && next.length > 0) break;
      next.push(notification);
      if (!notification.isOwnJoin || next.length === HEADS_AT_ONCE) break;
    }
    return next;
  }

  private async sendSome(notifications: readonly Notification[]): Promise<void> {
    const withHead = notifications.filter(
      ({ isOwnJoin, change, isSmall }) => isOwnJoin || (change === 'renamed' && isSmall),
    );
    const { conversations, users } = await this.services.heads.describe(
      this.target.userId,
      withHead.map(({ conversationId }) => conversationId),
      notifications.flatMap(({ userId }) => userId ?? []),
    );
    const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]));
    for (const notification of notifications) {
      const { conversationId, change, userId } = notification;
      const conversation = byId.get(conversationId);
      if (!this.isDue(notification, conversation?.joinedSeq)) continue;
      this.queue.delete(notification);
      const user = userId === undefined ? undefined : users.get(userId);
      this.target.send({ type: 'conversation', conversationId, change, user, conversation });
      if (notification.isOwnJoin) this.target.joinedSent(conversationId, notification.joinedSeq);
    }
  }

  /** If the database is ahead of the feed, the change waits until the feed has caught up, and is read again. */
  private isDue(notification: Notification, readJoinedSeq: number | undefined): boolean {
    const { feeds } = this.services;
    const { conversationId, joinedSeq } = notification;
    if (!this.queue.has(notification)) return false; // cleared meanwhile
    // guard: test/live-histories.spec.ts
    if (!feeds.isMember(this.target.userId, conversationId, joinedSeq)) {
      this.queue.delete(notification); // `left` has been sent
      return false;
    }
    // guard `!notification.isOwnJoin || readJoinedSeq === joinedSeq` => `true`: test/live-histories.spec.ts
    if (!notification.isOwnJoin || readJoinedSeq === joinedSeq) return true;
    feeds.checkMembership(this.target.userId, conversationId);
    return false;
  }
}
