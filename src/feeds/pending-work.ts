import type { UserId } from '../common/ids.js';
import type { ConversationChange, FanOutMessage } from './feed-subscriber.js';

/** What one read of the members answers. */
interface MembershipQuery {
  readonly userIds: ReadonlySet<UserId>;
  readonly everybody: boolean;
  readonly changes: readonly ConversationChange[];
}

/** What a feed has heard and not settled yet. */
export class PendingWork {
  /** Messages that came before others that stand in front of them. */
  readonly early = new Map<number, FanOutMessage>();
  /** Users to ask the database about; `everybody` where who is concerned is not known. */
  userIds = new Set<UserId>();
  everybody = false;
  changes: ConversationChange[] = [];

  get hasMembershipQuery(): boolean {
    return this.everybody || this.userIds.size > 0;
  }

  get hasChanges(): boolean {
    return this.changes.length > 0;
  }

  dropEarly(upToSeq: number): void {
    for (const seq of this.early.keys()) if (seq <= upToSeq) this.early.delete(seq);
  }

  takeMembershipQuery(): MembershipQuery {
    const { userIds, everybody, changes } = this;
    this.userIds = new Set();
    this.everybody = false;
    this.changes = [];
    return { userIds, everybody, changes };
  }

  /** It was not answered. */
  requeue({ userIds, everybody, changes }: MembershipQuery): void {
    userIds.forEach((id) => this.userIds.add(id));
    this.everybody ||= everybody;
    this.changes.unshift(...changes);
  }
}
