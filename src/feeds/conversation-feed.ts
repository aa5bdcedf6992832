import type { ConversationId, UserId } from '../common/ids.js';
import type { EventMap, MessageSent } from '../events/events.js';
import { Kind } from '../conversations/conversation.entity.js';
import { FeedSubscription } from './feed-subscription.js';
import type { FeedConversation, FeedState, MembersRow } from './feeds.repository.js';
import type { ConversationChange, FeedSubscriber, FanOutMessage } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';
import { PendingWork } from './pending-work.js';

/** Receipts and typing go out only in conversations of at most this many members. */
export const SMALL_CONVERSATION = 100;
/** Hints that came early are kept up to this many; what is dropped is read. */
const MAX_EARLY = 256;
/** Rows of one read of a gap. */
const GAP_ROWS = 200;

/** What a feed asks of the outside. */
export interface FeedSource {
  /** The members among these users, and the head, of one moment; undefined where the conversation is deleted. */
  readMembers(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MembersRow | undefined>;
  /** The messages after one number, up to another, at most `limit`, made ready to be passed on. */
  readGap(conversation: FeedConversation, afterSeq: number, toSeq: number, limit: number): Promise<FanOutMessage[]>;
  /** A hinted message made ready; undefined where something about it is not at hand, so that it must be read. */
  prepare(conversation: FeedConversation, sent: MessageSent): FanOutMessage | undefined;
  localUsers(): Iterable<LocalUser>;
  localUser(id: UserId): LocalUser | undefined;
  /** Nobody here is in the conversation any more. */
  release(feed: ConversationFeed): void;
  /** A read failed: the feed waits before it tries again. */
  readFailed(error: unknown): Promise<void>;
}

/**
 * One conversation that users of this process are in: what this process has passed on of its log.
 *
 * Hints of messages and of membership may come late, twice, in any order or never. Passed on is every number once, in
 * order; what a hint skips is read, up to that hint and no further. Before a message is passed on that was stored under
 * a newer members_version than the feed knows, version and members are read in one statement; another joinedSeq is
 * `left`, then `joined`. `feed.spec.ts` shows each rule; that they are enough, and needed, is simulated in
 * `test/live-histories.spec.ts`.
 */
export class ConversationFeed {
  /** The last number passed on; the cursors of level followers stand there. -1: nothing has been read yet. */
  lastSeq = -1;
  private membersVersion = -1;
  private readonly members = new Map<LocalUser, number>();
  /** Undefined until somebody follows. */
  private subscriptions: Map<FeedSubscriber, FeedSubscription> | undefined;

  private wantedSeq = -1;
  private wantedVersion = 0;
  /** Undefined where there is nothing, which is nearly always: it takes 400 bytes. */
  private pending: PendingWork | undefined;
  private isWorking = false;

  /** Undefined until read: of a conversation that only a hint has named. */
  private conversation: FeedConversation | undefined;

  constructor(
    readonly conversationId: ConversationId,
    private readonly source: FeedSource,
  ) {}

  get isSmall(): boolean {
    return this.conversation !== undefined && this.conversation.memberCount <= SMALL_CONVERSATION;
  }

  /** A direct conversation without a message: nobody is told of it. */
  get isUnlisted(): boolean {
    return this.conversation?.kind === Kind.direct && this.lastSeq === 0;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  joinedSeqOf(user: LocalUser): number | undefined {
    return this.members.get(user);
  }

  subscriptionOf(follower: FeedSubscriber): FeedSubscription | undefined {
    return this.subscriptions?.get(follower);
  }

  /** A message was stored. */
  messageSent(sent: MessageSent): void {
    const { seq, membersVersion } = sent;
    if (seq <= this.lastSeq) return;
    const passed = this.conversation && this.source.prepare(this.conversation, sent);
    const isNext = seq === this.lastSeq + 1 && membersVersion <= this.membersVersion && !this.isWorking;
    if (isNext && passed) {
      this.fanOut(passed);
      this.wantedSeq = Math.max(this.wantedSeq, seq);
      return;
    }
    if (passed && this.pendingWork.early.size < MAX_EARLY) this.pendingWork.early.set(seq, passed);
    this.expectAtLeast(seq, membersVersion);
  }

  /** The log is known to reach `seq`, at this version: what is missing of either is read. */
  expectAtLeast(seq: number, membersVersion: number): void {
    this.wantedSeq = Math.max(this.wantedSeq, seq);
    if (membersVersion > this.wantedVersion) {
      this.wantedVersion = membersVersion;
      if (this.conversation) this.pendingWork.everybody = true; // who came and went is not known: the hint that said so is late or lost
    }
    this.startWork();
  }

  /** Membership changed, of these users; undefined: nobody knows whose. The changes are told once it has been read. */
  membersChanged(
    userIds: readonly UserId[] | undefined,
    membersVersion: number,
    changes: readonly ConversationChange[],
  ): void {
    const isNext = membersVersion <= this.wantedVersion + 1;
    this.wantedVersion = Math.max(this.wantedVersion, membersVersion);
    const { pendingWork } = this;
    if (userIds && (isNext || !this.conversation)) userIds.forEach((id) => pendingWork.userIds.add(id));
    else pendingWork.everybody = true;
    pendingWork.changes.push(...changes);
    this.startWork();
  }

  /** The conversation is gone, and with it whoever was in it. */
  conversationDeleted(): void {
    const change = { conversationId: this.conversationId, change: 'deleted' } as const;
    for (const user of [...this.members.keys()]) {
      for (const follower of user.subscribers) {
        this.subscriptions?.delete(follower);
        follower.changed({ ...change, isSmall: this.isSmall });
      }
      this.removeLocalUser(user);
    }
  }

  /** Tells something that needs no reading, in its place among the changes of membership. */
  announce(change: ConversationChange): void {
    this.pendingWork.changes.push(change);
    this.startWork();
  }

  /** Everybody's followers are told, except those for whom a block or the size stands between. */
  receipt(receipt: EventMap['receipt.moved']): void {
    for (const [user, follower] of this.subscribersAbout(receipt.userId)) {
      if (user.id === receipt.userId || this.isSmall) follower.receipt(receipt);
    }
  }

  typing(typing: EventMap['typing.started']): void {
    if (!this.isSmall) return;
    for (const [user, follower] of this.subscribersAbout(typing.userId)) {
      if (user.id !== typing.userId) follower.typing(typing);
    }
  }

  private *subscribersAbout(about: UserId): Iterable<[LocalUser, FeedSubscriber]> {
    for (const user of this.members.keys()) {
      if (user.isBlockedEitherWay(about)) continue;
      for (const follower of user.subscribers) yield [user, follower];
    }
  }

  /** Takes a user in who was just read to be a member; what is newer here than in that row stays. */
  addMemberRow(user: LocalUser, row: FeedState & { readonly joinedSeq: number }): void {
    if (!this.conversation) this.initialize(row);
    const { joinedSeq, membersVersion } = row;
    if (this.members.get(user) === joinedSeq) user.feeds.add(this);
    else if (this.members.has(user) || membersVersion < this.membersVersion) this.checkMembership(user);
    else this.addMember(user, joinedSeq);
    this.expectAtLeast(row.lastSeq, membersVersion);
  }

  private addMember(user: LocalUser, joinedSeq: number): void {
    this.members.set(user, joinedSeq);
    user.feeds.add(this);
    user.notify();
    this.notifyJoined(user, joinedSeq);
  }

  /** Asks the database whether the user is in the conversation, as the feed has it otherwise. */
  checkMembership(user: LocalUser): void {
    this.membersChanged([user.id], 0, []);
  }

  /** A window found that the user is not in the conversation. They may be again by now, in a membership of its own. */
  membershipNotFound(user: LocalUser): void {
    this.removeMember(user);
    this.checkMembership(user);
  }

  /** What was before the first read is for windows to read, not for hints. */
  private initialize(state: FeedState): void {
    this.setConversation(state);
    this.lastSeq = state.lastSeq;
    this.wantedSeq = Math.max(this.wantedSeq, state.lastSeq);
    this.membersVersion = state.membersVersion;
    this.wantedVersion = Math.max(this.wantedVersion, state.membersVersion);
    this.pending?.dropEarly(this.lastSeq);
  }

  /** Not the row itself: its ids would be there once more for each conversation. */
  private setConversation({ kind, userA, userB, memberCount }: FeedState): void {
    const idOf = (id: UserId | null): UserId | null => (id === null ? id : (this.source.localUser(id)?.id ?? id));
    const { conversationId } = this;
    this.conversation = { conversationId, kind, userA: idOf(userA), userB: idOf(userB), memberCount };
  }

  /** Puts a follower of a member in, after `at`. It is behind where the log is longer. */
  subscribe(follower: FeedSubscriber, user: LocalUser, at: number): void {
    const cursor = new FeedSubscription(this, follower, user, at, at);
    this.subscriptions ??= new Map();
    this.subscriptions.set(follower, cursor);
    if (cursor.isLagging) follower.lagging(cursor);
  }

  unsubscribe(follower: FeedSubscriber): void {
    this.subscriptions?.delete(follower);
  }

  /** The process no longer serves this user. */
  removeLocalUser(user: LocalUser): void {
    this.members.delete(user);
    user.feeds.delete(this);
    if (this.isEmpty && !this.isWorking) this.source.release(this);
  }

  private startWork(): void {
    if (this.hasPendingWork) this.notifyAll();
    if (this.isWorking) return;
    this.isWorking = true;
    void this.doPendingWork();
  }

  /** What is known to be missing may be unread: who polls asks the database until it has been passed on. */
  private notifyAll(): void {
    for (const user of this.pending?.everybody ? this.source.localUsers() : this.members.keys()) user.notify();
    for (const id of this.pending?.userIds ?? []) this.source.localUser(id)?.notify();
  }

  /** Reads what is missing, one read at a time, until nothing is. That it ends, and says so, is one turn. */
  private async doPendingWork(): Promise<void> {
    await Promise.resolve(); // what is hinted in the same turn is settled together
    while (this.hasPendingWork) {
      try {
        if (this.needsMembers) await this.readMembers();
        else if (this.pending?.hasChanges) this.publishChanges(new Set());
        else await this.closeGap();
      } catch (error) {
        await this.source.readFailed(error);
      }
    }
    this.isWorking = false;
    this.pending = undefined;
    if (this.isEmpty) this.source.release(this);
  }

  private get needsMembers(): boolean {
    const isAsked = this.pending?.hasMembershipQuery ?? false;
    return isAsked || (this.membersVersion < this.wantedVersion && !this.isEmpty);
  }

  private get hasPendingWork(): boolean {
    const hasChanges = this.pending?.hasChanges ?? false;
    return this.needsMembers || (!this.isEmpty && (hasChanges || this.lastSeq < this.wantedSeq));
  }

  private get pendingWork(): PendingWork {
    return (this.pending ??= new PendingWork());
  }

  private async readMembers(): Promise<void> {
    const { wantedVersion, pendingWork } = this;
    const question = pendingWork.takeMembershipQuery();
    const users = new Set<UserId>(question.userIds);
    for (const user of question.everybody ? this.source.localUsers() : this.members.keys()) users.add(user.id);
    for (const user of this.members.keys()) users.add(user.id);
    let row: MembersRow | undefined;
    try {
      row = await this.source.readMembers(this.conversationId, [...users]);
    } catch (error) {
      pendingWork.requeue(question);
      throw error;
    }
    if (row && this.wantedVersion === wantedVersion) this.wantedVersion = row.membersVersion; // also downwards: a restored database
    pendingWork.changes.unshift(...question.changes);
    this.publishChanges(this.applyMembers(row, users));
  }

  /** Answers the users who are new, or new again: what the change says of others they see in the head. */
  private applyMembers(row: MembersRow | undefined, askedFor: ReadonlySet<UserId>): ReadonlySet<LocalUser> {
    if (row && !this.conversation) this.initialize(row);
    else if (row) this.setConversation(row);
    this.membersVersion = row?.membersVersion ?? this.wantedVersion;
    this.wantedSeq = row ? Math.max(this.wantedSeq, row.lastSeq) : this.lastSeq;
    const joined = new Map(row?.userIds.map((id, i) => [id, row.joinedSeqs[i]!]));
    const anew = new Set<LocalUser>();
    for (const id of askedFor) {
      const user = this.source.localUser(id);
      if (!user) continue;
      const before = this.members.get(user);
      const now = joined.get(id);
      if (before === now) continue;
      if (before !== undefined) this.removeMember(user);
      if (now === undefined) continue;
      this.addMember(user, now);
      anew.add(user);
    }
    return anew;
  }

  /** Tells the followers of a member that they have joined: of a direct conversation once it has a message. */
  private notifyJoined(user: LocalUser, joinedSeq: number): void {
    if (this.isUnlisted) return;
    for (const follower of user.subscribers) follower.joined(this.conversationId, joinedSeq);
  }

  private removeMember(user: LocalUser): void {
    this.members.delete(user);
    user.feeds.delete(this);
    for (const follower of user.subscribers) {
      this.subscriptions?.delete(follower);
      follower.left(this.conversationId);
    }
  }

  private publishChanges(except: ReadonlySet<LocalUser>): void {
    const changes = this.pending?.changes.splice(0) ?? [];
    for (const change of changes) {
      const told = { ...change, isSmall: this.isSmall };
      const isMembership = change.change === 'joined' || change.change === 'left';
      for (const user of this.members.keys()) {
        // One's own comings and goings are told as they are found, since what told of them may be late.
        if (except.has(user) || (isMembership && user.id === change.userId)) continue;
        for (const follower of user.subscribers) follower.changed(told);
      }
    }
  }

  private async closeGap(): Promise<void> {
    const next = this.pending?.early.get(this.lastSeq + 1);
    if (next) {
      this.fanOut(next);
      return;
    }
    const after = this.lastSeq;
    const messages = await this.source.readGap(this.conversation!, after, this.wantedSeq, GAP_ROWS);
    for (const passed of messages) if (passed.message.seq === this.lastSeq + 1) this.fanOut(passed);
    if (this.lastSeq === after) this.wantedSeq = after; // a restored database: the log is shorter than was hinted
  }

  private fanOut(passed: FanOutMessage): void {
    const { message } = passed;
    const { seq } = message;
    const senderId = message.sender.id;
    const isGroup = this.conversation!.kind === Kind.group;
    const { isUnlisted } = this;
    this.lastSeq = seq;
    this.pending?.early.delete(seq);
    if (isUnlisted) for (const [user, joinedSeq] of this.members) this.notifyJoined(user, joinedSeq);
    for (const cursor of this.subscriptions?.values() ?? []) {
      if (cursor.scannedSeq >= seq) continue;
      if (cursor.scannedSeq < seq - 1) {
        cursor.subscriber.lagging(cursor);
        continue;
      }
      cursor.scannedSeq = seq;
      if (isGroup && cursor.user.hiddenSenders.has(senderId)) continue;
      const afterSeq = cursor.sentSeq;
      cursor.sentSeq = seq;
      cursor.subscriber.fanOut(passed, afterSeq);
    }
    for (const [user, joinedSeq] of this.members) if (joinedSeq < seq) user.notify(user.id !== senderId);
  }
}
