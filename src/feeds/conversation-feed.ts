import type { ConversationId, UserId } from '../common/ids.js';
import type { EventMap, MessageSent } from '../events/events.js';
import { Kind } from '../conversations/conversation.entity.js';
import { FeedSubscription } from './feed-subscription.js';
import type { FeedConversation, FeedState, MembersRow } from './feeds.repository.js';
import type { FeedSource } from './feed-source.js';
import type { ConversationChange, FanOutMessage, FeedSubscriber } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';
import { PendingWork } from './pending-work.js';

/** Receipts and typing go out only in conversations of at most this many members. */
const SMALL_CONVERSATION = 100;
/** At most this many early messages are kept; the others are read. */
const MAX_EARLY = 256;
/** Rows of one read of a sequence gap. */
const GAP_ROWS = 200;

/**
 * What this process follows of one conversation that users of it are in.
 *
 * Hints of messages and of membership may come late, twice, in any order or never. States:
 *
 *   new       only a hint has named the conversation: no head, lastSeq -1
 *   idle      all that was hinted has been fanned out
 *   working   something hinted is missing: one read at a time, until nothing is (doPendingWork)
 *
 *   new → working   a hint of membership names a user of this process
 *   new → idle      a user's memberships were read (addMemberRow, initialize)
 *   idle → working  a hint skips a number, or was stored under newer members (startWork)
 *   working → idle  all of it is read; released if no local user is a member
 *
 * Invariants between two turns of the event loop. `assertFeedInvariants` in test/support checks the first three after
 * each step of every simulated history.
 *
 *  1. A user is in `members` if and only if the feed's id is in `user.conversationIds`: addMember, removeMember.
 *  2. A subscription exists only for a subscriber of a user who is a member: subscribe, removeMember, unsubscribe.
 *  3. sentSeq <= scannedSeq in each subscription.
 *  4. Each number is fanned out once and in order: lastSeq rises by one (fanOut), or is read at the start (initialize).
 *  5. A number is not fanned out before the members of its members_version were read (messageSent, doPendingWork).
 *  6. A joinedSeq that differs from the known one is `left`, then `joined` (applyMembers).
 *  7. While a hinted number is missing, no member is taken to have nothing unread (notifyAll).
 *
 * Each line that keeps one of these is tagged as a guard; `npm run mutants` shows that a test notices when it is gone.
 */
export class ConversationFeed {
  private seq = -1;
  private membersVersion = -1;
  private readonly members = new Map<LocalUser, number>();
  /** Undefined until there is a subscriber. */
  private subscriptions: Map<FeedSubscriber, FeedSubscription> | undefined;

  private wantedSeq = -1;
  private wantedVersion = 0;
  /** Undefined if there is none, which is nearly always: it takes 400 bytes. */
  private pending: PendingWork | undefined;
  private isWorking = false;

  /** Undefined until it is read, if only a hint has named the conversation. */
  private conversation: FeedConversation | undefined;

  constructor(
    readonly conversationId: ConversationId,
    private readonly source: FeedSource,
  ) {}

  /** The last number fanned out; subscriptions that have caught up stand there. -1: nothing has been read yet. */
  get lastSeq(): number {
    return this.seq;
  }

  get isSmall(): boolean {
    return this.conversation !== undefined && this.conversation.memberCount <= SMALL_CONVERSATION;
  }

  /** A direct conversation without a message: nobody is shown it. */
  get isUnlisted(): boolean {
    return this.conversation?.kind === Kind.direct && this.seq === 0;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  joinedSeqOf(user: LocalUser): number | undefined {
    return this.members.get(user);
  }

  subscriptionOf(subscriber: FeedSubscriber): FeedSubscription | undefined {
    return this.subscriptions?.get(subscriber);
  }

  get subscriptionCount(): number {
    return this.subscriptions?.size ?? 0;
  }

  // ---- what hints say ----

  /** A message was stored. */
  messageSent(sent: MessageSent): void {
    const { seq, membersVersion } = sent;
    if (seq <= this.seq) return;
    const message = this.conversation && this.source.prepare(this.conversation, sent);
    // guard `seq === this.seq + 1 &&` => ``: src/feeds/conversation-feed.spec.ts
    // guard `membersVersion <= this.membersVersion` => `true`: src/feeds/conversation-feed.spec.ts
    const isNext = seq === this.seq + 1 && membersVersion <= this.membersVersion;
    if (isNext && message) {
      this.fanOut(message);
      this.wantedSeq = Math.max(this.wantedSeq, seq);
      return;
    }
    if (message && this.pendingWork.early.size < MAX_EARLY) this.pendingWork.early.set(seq, message);
    // guard: src/feeds/conversation-feed.spec.ts
    this.expectAtLeast(seq, membersVersion);
  }

  /** The log is known to reach `seq`, at this version: what is missing of either is read. */
  expectAtLeast(seq: number, membersVersion: number): void {
    this.wantedSeq = Math.max(this.wantedSeq, seq);
    if (membersVersion > this.wantedVersion) {
      this.wantedVersion = membersVersion;
      // The hint that said who came and went is late or lost, so it may be anybody.
      // guard: src/feeds/conversation-feed.spec.ts
      if (this.conversation) this.pendingWork.askAboutEverybody();
    }
    this.startWork();
  }

  /** The membership of these users changed; undefined: of which users is not known. The changes are published once it has been read. */
  membersChanged(
    userIds: readonly UserId[] | undefined,
    membersVersion: number,
    changes: readonly ConversationChange[],
  ): void {
    const isNext = membersVersion <= this.wantedVersion + 1;
    this.wantedVersion = Math.max(this.wantedVersion, membersVersion);
    const { pendingWork } = this;
    // guard `(isNext || !this.conversation)` => `true`: src/feeds/conversation-feed.spec.ts
    if (userIds && (isNext || !this.conversation)) pendingWork.askAbout(userIds);
    else pendingWork.askAboutEverybody();
    // guard: src/feeds/conversation-feed.spec.ts
    pendingWork.changes.push(...changes);
    this.startWork();
  }

  /** The conversation was deleted, with all its memberships. */
  conversationDeleted(): void {
    const change = { conversationId: this.conversationId, change: 'deleted' } as const;
    for (const user of [...this.members.keys()]) {
      // guard: src/feeds/conversation-feed.spec.ts test/live-histories.spec.ts
      this.removeMember(user);
      for (const subscriber of user.subscribers) subscriber.changed({ ...change, isSmall: this.isSmall });
    }
    this.releaseIfEmpty();
  }

  /** Publishes a change that needs no read, in its place among the changes of membership. */
  announce(change: ConversationChange): void {
    this.pendingWork.changes.push(change);
    this.startWork();
  }

  /** All members' subscribers get it, unless a block or the size forbids it. */
  receipt(receipt: EventMap['receipt.moved']): void {
    for (const [user, subscriber] of this.subscribersWhoMaySee(receipt.userId)) {
      if (user.id === receipt.userId || this.isSmall) subscriber.receipt(receipt);
    }
  }

  typing(typing: EventMap['typing.started']): void {
    if (!this.isSmall) return;
    for (const [user, subscriber] of this.subscribersWhoMaySee(typing.userId)) {
      if (user.id !== typing.userId) subscriber.typing(typing);
    }
  }

  private *subscribersWhoMaySee(userId: UserId): Iterable<[LocalUser, FeedSubscriber]> {
    for (const user of this.members.keys()) {
      // guard: src/feeds/conversation-feed.spec.ts
      if (user.isBlockedEitherWay(userId)) continue;
      for (const subscriber of user.subscribers) yield [user, subscriber];
    }
  }

  // ---- members and subscriptions ----

  /** Adds a user whose membership was just read. If this feed knows something newer than that row, it stays. */
  addMemberRow(user: LocalUser, row: FeedState & { readonly joinedSeq: number }): void {
    if (!this.conversation) this.initialize(row);
    const { joinedSeq, membersVersion } = row;
    if (this.members.get(user) !== joinedSeq) {
      const isOlder = this.members.has(user) || membersVersion < this.membersVersion;
      // guard `isOlder` => `false`: src/feeds/conversation-feed.spec.ts test/live-histories.spec.ts
      if (isOlder) this.checkMembership(user);
      else this.addMember(user, joinedSeq);
    }
    // guard: src/feeds/conversation-feed.spec.ts
    this.expectAtLeast(row.lastSeq, membersVersion);
  }

  /** Asks the database whether the user is in the conversation, since something else contradicts the feed. */
  checkMembership(user: LocalUser): void {
    this.membersChanged([user.id], 0, []);
  }

  /** A window found that the user is not in the conversation. They may be in it again by now, in another membership. */
  membershipNotFound(user: LocalUser): void {
    // guard: src/feeds/conversation-feed.spec.ts
    this.endMembership(user);
    // guard: src/feeds/conversation-feed.spec.ts
    this.checkMembership(user);
  }

  /** Subscribes a subscriber of a member, after `startSeq`. It lags if the log is longer. */
  subscribe(subscriber: FeedSubscriber, user: LocalUser, startSeq: number): void {
    // guard: src/feeds/conversation-feed.spec.ts
    this.unsubscribe(subscriber);
    const subscription = new FeedSubscription(this, subscriber, user, startSeq);
    this.subscriptions ??= new Map();
    this.subscriptions.set(subscriber, subscription);
    // guard: src/feeds/conversation-feed.spec.ts
    if (subscription.isLagging) subscriber.lagging(subscription);
  }

  unsubscribe(subscriber: FeedSubscriber): void {
    this.subscriptions?.get(subscriber)?.end();
    this.subscriptions?.delete(subscriber);
  }

  /** The process does not serve this user any more. */
  removeLocalUser(user: LocalUser): void {
    this.removeMember(user);
    this.releaseIfEmpty();
  }

  private addMember(user: LocalUser, joinedSeq: number): void {
    this.members.set(user, joinedSeq);
    // guard: test/live-histories.spec.ts
    user.enteredFeed(this.conversationId);
    // guard: src/feeds/conversation-feed.spec.ts test/live-histories.spec.ts
    user.notify();
    this.notifyJoined(user, joinedSeq);
  }

  private removeMember(user: LocalUser): void {
    this.members.delete(user);
    // guard: test/live-histories.spec.ts
    user.leftFeed(this.conversationId);
    // guard: src/feeds/conversation-feed.spec.ts test/live-histories.spec.ts
    for (const subscriber of user.subscribers) this.unsubscribe(subscriber);
  }

  private endMembership(user: LocalUser): void {
    this.removeMember(user);
    for (const subscriber of user.subscribers) subscriber.left(this.conversationId);
  }

  /** Tells the subscribers of a member that they have joined: in a direct conversation once it has a message. */
  private notifyJoined(user: LocalUser, joinedSeq: number): void {
    // guard: src/feeds/conversation-feed.spec.ts
    if (this.isUnlisted) return;
    for (const subscriber of user.subscribers) subscriber.joined(this.conversationId, joinedSeq);
  }

  /** Messages from before the first read are read by windows, not fanned out. */
  private initialize(state: FeedState): void {
    this.setConversation(state);
    this.seq = state.lastSeq;
    this.wantedSeq = Math.max(this.wantedSeq, state.lastSeq);
    this.membersVersion = state.membersVersion;
    this.wantedVersion = Math.max(this.wantedVersion, state.membersVersion);
  }

  /** Does not keep the row itself: its id strings would be in memory once more for each conversation. */
  private setConversation({ kind, userA, userB, memberCount }: FeedState): void {
    const idOf = (id: UserId | null): UserId | null => (id === null ? id : (this.source.localUser(id)?.id ?? id));
    const { conversationId } = this;
    this.conversation = { conversationId, kind, userA: idOf(userA), userB: idOf(userB), memberCount };
  }

  // ---- reading what is missing ----

  private startWork(): void {
    // guard: src/feeds/conversation-feed.spec.ts
    if (this.hasPendingWork) this.notifyAll();
    // guard: src/feeds/conversation-feed.spec.ts
    if (this.isWorking) return;
    this.isWorking = true;
    void this.doPendingWork();
  }

  /** What is missing may be unread: until it has been fanned out, polls ask the database. */
  private notifyAll(): void {
    const { pending } = this;
    for (const user of pending?.concernsEverybody ? this.source.localUsers() : this.members.keys()) user.notify();
    for (const id of pending?.concernedUserIds ?? []) this.source.localUser(id)?.notify();
  }

  /** Reads what is missing, one read at a time, until nothing is. The last check and the end are in one turn. */
  private async doPendingWork(): Promise<void> {
    await Promise.resolve(); // hints of the same turn are handled together
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
    this.releaseIfEmpty();
  }

  private releaseIfEmpty(): void {
    // guard `&& !this.isWorking` => ``: src/feeds/conversation-feed.spec.ts
    if (this.isEmpty && !this.isWorking) this.source.release(this);
  }

  /** Also if a change named no user of this process: the number of members is another one. */
  private get needsMembers(): boolean {
    const isAsked = this.pending?.hasMembershipQuery ?? false;
    // guard `(this.membersVersion < this.wantedVersion && !this.isEmpty)` => `false`: src/feeds/conversation-feed.spec.ts
    return isAsked || (this.membersVersion < this.wantedVersion && !this.isEmpty);
  }

  private get hasPendingWork(): boolean {
    const hasChanges = this.pending?.hasChanges ?? false;
    return this.needsMembers || (!this.isEmpty && (hasChanges || this.seq < this.wantedSeq));
  }

  private get pendingWork(): PendingWork {
    return (this.pending ??= new PendingWork());
  }

  private async readMembers(): Promise<void> {
    const { wantedVersion, pendingWork } = this;
    const query = pendingWork.takeMembershipQuery();
    const users = new Set<UserId>(query.userIds);
    for (const user of query.everybody ? this.source.localUsers() : []) users.add(user.id);
    // guard: src/feeds/conversation-feed.spec.ts test/live-histories.spec.ts
    for (const user of this.members.keys()) users.add(user.id);
    let row: MembersRow | undefined;
    try {
      row = await this.source.readMembers(this.conversationId, [...users]);
    } catch (error) {
      // guard: src/feeds/conversation-feed.spec.ts
      pendingWork.requeue(query);
      throw error;
    }
    // Also downwards, since the database may have been restored; unless a newer hint came during the read.
    // guard: src/feeds/conversation-feed.spec.ts
    // guard `row && this.wantedVersion === wantedVersion` => `row`: src/feeds/conversation-feed.spec.ts
    if (row && this.wantedVersion === wantedVersion) this.wantedVersion = row.membersVersion;
    // guard: src/feeds/conversation-feed.spec.ts
    pendingWork.changes.unshift(...query.changes);
    this.publishChanges(this.applyMembers(row, users));
  }

  /** Answers the users who are new, or new again: they see in the head what a change says of others. */
  private applyMembers(row: MembersRow | undefined, askedAbout: ReadonlySet<UserId>): ReadonlySet<LocalUser> {
    if (row && !this.conversation) this.initialize(row);
    else if (row) this.setConversation(row);
    this.membersVersion = row?.membersVersion ?? this.wantedVersion;
    // guard: src/feeds/conversation-feed.spec.ts
    if (row) this.wantedSeq = Math.max(this.wantedSeq, row.lastSeq);
    const joinedSeqs = new Map(row?.userIds.map((id, i) => [id, row.joinedSeqs[i]!]));
    const added = new Set<LocalUser>();
    for (const id of askedAbout) {
      const user = this.source.localUser(id);
      if (!user) continue;
      const before = this.members.get(user);
      const now = joinedSeqs.get(id);
      if (before === now) continue;
      // guard: src/feeds/conversation-feed.spec.ts
      if (before !== undefined) this.endMembership(user);
      if (now === undefined) continue;
      this.addMember(user, now);
      added.add(user);
    }
    return added;
  }

  private publishChanges(except: ReadonlySet<LocalUser>): void {
    const changes = this.pending?.changes.splice(0) ?? [];
    for (const change of changes) {
      const published = { ...change, isSmall: this.isSmall };
      const isMembership = change.change === 'joined' || change.change === 'left';
      for (const user of this.members.keys()) {
        // A user's own joining and leaving is sent when it is found, since this hint of it may be late.
        // guard `except.has(user) ||` => ``: src/feeds/conversation-feed.spec.ts test/live-histories.spec.ts
        // guard `(isMembership && user.id === change.userId)` => `false`: src/feeds/conversation-feed.spec.ts
        if (except.has(user) || (isMembership && user.id === change.userId)) continue;
        for (const subscriber of user.subscribers) subscriber.changed(published);
      }
    }
  }

  /** Reads the missing messages up to the hinted number, and no further. */
  private async closeGap(): Promise<void> {
    const next = this.pending?.early.get(this.seq + 1);
    if (next) {
      this.fanOut(next);
      return;
    }
    const after = this.seq;
    const messages = await this.source.readGap(this.conversation!, after, this.wantedSeq, GAP_ROWS);
    // guard `message.message.seq === this.seq + 1` => `true`: src/feeds/conversation-feed.spec.ts
    for (const message of messages) if (message.message.seq === this.seq + 1) this.fanOut(message);
    // guard: src/feeds/conversation-feed.spec.ts
    if (this.seq === after) this.wantedSeq = after; // the log is shorter than was hinted: a restored database
  }

  private fanOut(message: FanOutMessage): void {
    const { seq, sender } = message.message;
    const isGroup = this.conversation!.kind === Kind.group;
    const { isUnlisted } = this;
    this.seq = seq;
    this.pending?.early.delete(seq);
    // guard: src/feeds/conversation-feed.spec.ts
    if (isUnlisted) for (const [user, joinedSeq] of this.members) this.notifyJoined(user, joinedSeq);
    for (const subscription of this.subscriptions?.values() ?? []) {
      const { scannedSeq, subscriber, user } = subscription;
      // guard: src/feeds/conversation-feed.spec.ts
      if (scannedSeq >= seq) continue;
      // guard: src/feeds/conversation-feed.spec.ts
      if (scannedSeq < seq - 1) {
        subscriber.lagging(subscription);
        continue;
      }
      subscription.scannedSeq = seq;
      // guard: src/feeds/conversation-feed.spec.ts
      if (isGroup && user.hiddenSenders.has(sender.id)) continue;
      const afterSeq = subscription.sentSeq;
      subscription.sentSeq = seq;
      subscriber.fanOut(message, afterSeq);
    }
    // guard `user.id !== sender.id` => `true`: src/feeds/conversation-feed.spec.ts
    for (const [user, joinedSeq] of this.members) if (joinedSeq < seq) user.notify(user.id !== sender.id);
  }
}
