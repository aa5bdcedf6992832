import type { UserId } from '../common/ids.js';
import type { ConversationChange, Passed } from './feed-subscriber.js';

/** What one read of the members answers. */
interface Question {
  readonly asked: ReadonlySet<UserId>;
  readonly everybody: boolean;
  readonly changes: readonly ConversationChange[];
}

/** What a feed has heard and not settled yet. */
export class Unsettled {
  /** Messages that came before others that stand in front of them. */
  readonly early = new Map<number, Passed>();
  /** Users to ask the database about; `everybody` where who is concerned is not known. */
  asked = new Set<UserId>();
  everybody = false;
  changes: ConversationChange[] = [];

  get areMembersAsked(): boolean {
    return this.everybody || this.asked.size > 0;
  }

  get hasChanges(): boolean {
    return this.changes.length > 0;
  }

  dropEarly(upToSeq: number): void {
    for (const seq of this.early.keys()) if (seq <= upToSeq) this.early.delete(seq);
  }

  takeQuestion(): Question {
    const { asked, everybody, changes } = this;
    this.asked = new Set();
    this.everybody = false;
    this.changes = [];
    return { asked, everybody, changes };
  }

  /** It was not answered. */
  putBack({ asked, everybody, changes }: Question): void {
    asked.forEach((id) => this.asked.add(id));
    this.everybody ||= everybody;
    this.changes.unshift(...changes);
  }
}
