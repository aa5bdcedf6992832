import type { ConversationId, UserId } from '../common/ids.js';
import type { ConversationChange } from '../feeds/feed-subscriber.js';
import type { ConversationFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';

/** Heads that are read at once. */
const HEADS_AT_ONCE = 50;

/** A change that is told once its head and names have been read. */
interface Notice extends ConversationChange {
  /** The receiver's membership in which it is told: of another one it is told no more. */
  readonly joinedSeq: number;
  /** The receiver's own joining: it comes with the head of that very membership. */
  readonly isWelcome: boolean;
}

/** Where notices go. */
export interface NoticeReader {
  readonly userId: UserId;
  readonly isOpen: boolean;
  tell(frame: ConversationFrame): void;
  /** The receiver was told that they have joined: the conversation's messages come from here on. */
  welcomed(conversationId: ConversationId, joinedSeq: number): void;
}

/** The changes of conversations that one socket is told: in their order, although some have to be read first. */
export class Notices {
  private waiting = new Set<Notice>();
  private isTelling = false;

  constructor(
    private readonly services: Pick<LiveServices, 'feeds' | 'heads' | 'users'>,
    private readonly reader: NoticeReader,
  ) {}

  welcome(conversationId: ConversationId, joinedSeq: number): void {
    const { userId } = this.reader;
    this.add({ conversationId, change: 'joined', userId, isSmall: true, joinedSeq, isWelcome: true });
  }

  changed(change: ConversationChange): void {
    const joinedSeq = this.services.feeds.joinedSeqOf(this.reader.userId, change.conversationId);
    if (joinedSeq !== undefined) this.add({ ...change, joinedSeq, isWelcome: false });
  }

  clear(): void {
    this.waiting.clear();
  }

  private add(notice: Notice): void {
    this.waiting.add(notice);
    if (!this.isTelling) void this.tellAll();
  }

  private async tellAll(): Promise<void> {
    this.isTelling = true;
    while (this.waiting.size > 0 && this.reader.isOpen) {
      try {
        await this.tellSome(this.next());
      } catch (error) {
        await this.services.feeds.failed(error);
      }
    }
    this.isTelling = false;
  }

  /** Welcomes that stand together are read together; whatever else there is is told one by one. */
  private next(): Notice[] {
    const next: Notice[] = [];
    for (const notice of this.waiting) {
      if (!notice.isWelcome && next.length > 0) break;
      next.push(notice);
      if (!notice.isWelcome || next.length === HEADS_AT_ONCE) break;
    }
    return next;
  }

  private async tellSome(notices: readonly Notice[]): Promise<void> {
    const { heads, users } = this.services;
    const withHead = notices.filter(({ isWelcome, change, isSmall }) => isWelcome || (change === 'renamed' && isSmall));
    const ids = withHead.map(({ conversationId }) => conversationId);
    const [conversations, names] = await Promise.all([
      ids.length > 0 ? heads.of(this.reader.userId, ids) : [],
      users.summaries(notices.flatMap(({ userId }) => userId ?? [])),
    ]);
    const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]));
    for (const notice of notices) {
      const { conversationId, change, userId } = notice;
      const conversation = byId.get(conversationId);
      if (!this.isDue(notice, conversation?.joinedSeq)) continue;
      this.waiting.delete(notice);
      const user = userId === undefined ? undefined : names.get(userId);
      this.reader.tell({ type: 'conversation', conversationId, change, user, conversation });
      if (notice.isWelcome) this.reader.welcomed(conversationId, notice.joinedSeq);
    }
  }

  /** Where the database is ahead of the feed, it is read again once the feed has caught up. */
  private isDue(notice: Notice, readJoinedSeq: number | undefined): boolean {
    const { feeds } = this.services;
    const { conversationId, joinedSeq } = notice;
    if (!this.waiting.has(notice)) return false; // cleared meanwhile
    if (!feeds.isMember(this.reader.userId, conversationId, joinedSeq)) {
      this.waiting.delete(notice); // that it is over has been told
      return false;
    }
    if (!notice.isWelcome || readJoinedSeq === joinedSeq) return true;
    feeds.ask(this.reader.userId, conversationId);
    return false;
  }
}
