import type { UserId } from '../common/ids.js';
import type { ConversationChange, FanOutMessage } from './feed-subscriber.js';

/** What one read of the members has to answer. */
interface MembershipQuery {
  readonly userIds: ReadonlySet<UserId>;
  readonly everybody: boolean;
  readonly changes: readonly ConversationChange[];
}

/** What was hinted to a feed and is not done yet. */
export class PendingWork {
  /** Messages that came before the ones in front of them. */
  readonly early = new Map<number, FanOutMessage>();
  /** Changes to publish once the members have been read. */
  changes: ConversationChange[] = [];
  private userIds = new Set<UserId>();
  private everybody = false;

  get hasMembershipQuery(): boolean {
    return this.everybody || this.userIds.size > 0;
  }

  get hasChanges(): boolean {
    return this.changes.length > 0;
  }

  /** Whether all users of this process have to be asked about, since the ones concerned are not known. */
  get concernsEverybody(): boolean {
    return this.everybody;
  }

  get concernedUserIds(): ReadonlySet<UserId> {
    return this.userIds;
  }

  askAbout(userIds: Iterable<UserId>): void {
    for (const id of userIds) this.userIds.add(id);
  }

  askAboutEverybody(): void {
    this.everybody = true;
  }

  takeMembershipQuery(): MembershipQuery {
    const { userIds, everybody, changes } = this;
    this.userIds = new Set();
    this.everybody = false;
    this.changes = [];
    return { userIds, everybody, changes };
  }

  /** The read failed. */
  requeue({ userIds, everybody, changes }: MembershipQuery): void {
    this.askAbout(userIds);
    this.everybody ||= everybody;
    this.changes.unshift(...changes);
  }
}
