import type { ConversationId, UserId } from '../common/ids.js';
import type { ConversationChange } from '../feeds/feed-subscriber.js';
import type { ConversationFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';

/** Heads that are read at once. */
const HEADS_AT_ONCE = 50;

/** A change that is told once its head and names have been read. */
interface Notification extends ConversationChange {
  /** The receiver's membership in which it is told: of another one it is told no more. */
  readonly joinedSeq: number;
  /** The receiver's own joining: it comes with the head of that very membership. */
  readonly isOwnJoin: boolean;
}

/** Where notices go. */
export interface NotificationTarget {
  readonly userId: UserId;
  readonly isOpen: boolean;
  send(frame: ConversationFrame): void;
  /** The receiver was told that they have joined: the conversation's messages come from here on. */
  joinedSent(conversationId: ConversationId, joinedSeq: number): void;
}

/** The changes of conversations that one socket is told: in their order, although some have to be read first. */
export class NotificationQueue {
  private queue = new Set<Notification>();
  private isSending = false;

  constructor(
    private readonly services: Pick<LiveServices, 'feeds' | 'heads' | 'users'>,
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

  private add(notice: Notification): void {
    this.queue.add(notice);
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

  /** Welcomes that stand together are read together; whatever else there is is told one by one. */
  private next(): Notification[] {
    const next: Notification[] = [];
    for (const notice of this.queue) {
      if (!notice.isOwnJoin && next.length > 0) break;
      next.push(notice);
      if (!notice.isOwnJoin || next.length === HEADS_AT_ONCE) break;
    }
    return next;
  }

  private async sendSome(notices: readonly Notification[]): Promise<void> {
    const { heads, users } = this.services;
    const withHead = notices.filter(({ isOwnJoin, change, isSmall }) => isOwnJoin || (change === 'renamed' && isSmall));
    const ids = withHead.map(({ conversationId }) => conversationId);
    const [conversations, names] = await Promise.all([
      ids.length > 0 ? heads.of(this.target.userId, ids) : [],
      users.summaries(notices.flatMap(({ userId }) => userId ?? [])),
    ]);
    const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]));
    for (const notice of notices) {
      const { conversationId, change, userId } = notice;
      const conversation = byId.get(conversationId);
      if (!this.isDue(notice, conversation?.joinedSeq)) continue;
      this.queue.delete(notice);
      const user = userId === undefined ? undefined : names.get(userId);
      this.target.send({ type: 'conversation', conversationId, change, user, conversation });
      if (notice.isOwnJoin) this.target.joinedSent(conversationId, notice.joinedSeq);
    }
  }

  /** Where the database is ahead of the feed, it is read again once the feed has caught up. */
  private isDue(notice: Notification, readJoinedSeq: number | undefined): boolean {
    const { feeds } = this.services;
    const { conversationId, joinedSeq } = notice;
    if (!this.queue.has(notice)) return false; // cleared meanwhile
    if (!feeds.isMember(this.target.userId, conversationId, joinedSeq)) {
      this.queue.delete(notice); // that it is over has been told
      return false;
    }
    if (!notice.isOwnJoin || readJoinedSeq === joinedSeq) return true;
    feeds.checkMembership(this.target.userId, conversationId);
    return false;
  }
}
