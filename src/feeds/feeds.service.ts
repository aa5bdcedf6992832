import type { Socket } from 'node:net';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConversationId, UserId } from '../common/ids.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import type { EventMap } from '../events/events.js';
import { UsersService } from '../users/users.service.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { Cursor } from './feed-subscription.js';
import type { Feed } from './conversation-feed.js';
import { FeedsRepository, type MembershipRow } from './feeds.repository.js';
import type { ConversationChange, Follower } from './feed-subscriber.js';
import { Knowledge } from './feed-registry.js';
import type { LocalUser } from './local-user.js';
import { WindowsService } from '../messages/windows.service.js';

/** Messages of one conversation that are read at once for a follower who is behind. */
const WINDOW = 50;
/** Of conversations without a position, at most this many of the newest messages are told. */
const MAX_BACKLOG = 200;
/** How often users without followers are looked through, and how long they are kept after they were last asked for. */
const SWEEP_MS = 30_000;
const KEPT_MS = 5 * 60_000;
/** Each user is compared with the database once in this time, spread out. */
const COMPARE_MS = 10 * 60_000;
const USERS_PER_COMPARISON = 200;
const RETRY_MS = 250;

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
  /** Conversations without a position begin at what was not delivered, at their end, or as joined anew. */
  readonly others: 'backlog' | 'end' | 'joined';
}

/**
 * What this process knows of the conversations that its users are in. Sockets, long polls and empty polls read it;
 * events feed it; a comparison with the database finds what events failed to say.
 */
@Injectable()
export class Feeds implements OnModuleDestroy {
  private readonly log = new Logger(Feeds.name);
  private readonly known: Knowledge;
  private readonly users: ReadonlyMap<UserId, LocalUser>;
  private readonly feeds: ReadonlyMap<ConversationId, Feed>;
  private readonly sweep = setInterval(() => this.lookThrough(), SWEEP_MS).unref();
  private comparing: Promise<void> | undefined;
  private compareAgain = false;

  constructor(
    private readonly bus: EventBus,
    repository: FeedsRepository,
    directory: UsersService,
    private readonly windows: WindowsService,
    private readonly work: UnitOfWork,
  ) {
    this.known = new Knowledge(work.now, repository, directory, (error) => this.failed(error));
    this.users = this.known.users;
    this.feeds = this.known.feeds;
    bus.on('message.sent', (sent) => this.feeds.get(sent.conversationId)?.sent(sent));
    bus.on('receipt.moved', (receipt) => this.receiptMoved(receipt));
    bus.on('typing.started', (typing) => this.feeds.get(typing.conversationId)?.typing(typing));
    bus.on('conversation.opened', (opened) => this.membersChanged(opened));
    bus.on('members.joined', (joined) => this.membersChanged(joined, 'joined'));
    bus.on('members.left', (left) => this.membersChanged(left, 'left'));
    bus.on('member.role-changed', (changed) => this.membersChanged(changed, 'role'));
    bus.on('group.renamed', ({ conversationId }) =>
      this.feeds.get(conversationId)?.tell({ conversationId, change: 'renamed', isSmall: true }),
    );
    bus.on('group.deleted', (deleted) => this.groupDeleted(deleted));
    bus.on('block.changed', (changed) => this.blockChanged(changed));
    bus.onDisturbance(() => void this.compareAll());
  }

  onModuleDestroy(): void {
    this.known.isClosing = true;
    clearInterval(this.sweep);
    for (const user of this.users.values()) user.touch(); // whoever waits is answered
  }

  // ---- followers ----

  /**
   * Begins to follow: tells what does not fit the client's positions, then enters the feeds, all in one turn, so that
   * no hint falls between. What is behind is then for the follower to read on.
   */
  async attach(follower: Follower, userId: UserId, resume: Resume, isOpen: () => boolean): Promise<void> {
    const user = this.users.get(userId) ?? this.known.addUser(userId);
    user.pins++;
    try {
      const memberships = await this.known.load(user);
      if (isOpen()) this.begin(follower, user, memberships, resume);
    } finally {
      user.pins--;
    }
  }

  /** All in one turn: a feed that has moved on since the memberships were read is what the cursors go by. */
  private begin(follower: Follower, user: LocalUser, memberships: readonly MembershipRow[], resume: Resume): void {
    const areBlocksNew = resume.blocksVersion !== undefined && resume.blocksVersion !== user.blocksVersion;
    if (areBlocksNew) follower.blocksChanged(user.blocksVersion);
    const rows = new Map(memberships.map((row) => [row.conversationId, row]));
    for (const conversationId of resume.positions.keys()) {
      const isIn = this.feeds.get(conversationId)?.joinedSeqOf(user) !== undefined;
      if (!isIn) follower.left(conversationId);
    }
    user.followers = user.followers.concat(follower); // not [...], which leaves room for 16 more
    for (const feed of user.feeds) {
      if (feed.isUnlisted) continue;
      const row = rows.get(feed.conversationId);
      const joinedSeq = feed.joinedSeqOf(user)!;
      const position = areBlocksNew && row?.kind === Kind.group ? undefined : resume.positions.get(feed.conversationId);
      const start = row?.joinedSeq === joinedSeq ? startOf(row, position, resume.others) : undefined;
      if (start === undefined) follower.joined(feed.conversationId, joinedSeq);
      else feed.enter(follower, user, start);
    }
  }

  /** Enters one conversation that the follower was told to have joined, unless that, or the follower, is over. */
  enter(follower: Follower, userId: UserId, conversationId: ConversationId, joinedSeq: number): void {
    const user = this.users.get(userId);
    if (!user?.followers.includes(follower) || !this.isMember(userId, conversationId, joinedSeq)) return;
    this.feeds.get(conversationId)!.enter(follower, user, joinedSeq);
  }

  /** Whether the user is in the conversation, in that membership, as far as this process knows. */
  isMember(userId: UserId, conversationId: ConversationId, joinedSeq?: number): boolean {
    const known = this.joinedSeqOf(userId, conversationId);
    return known !== undefined && (joinedSeq === undefined || known === joinedSeq);
  }

  /** Undefined where the user is not in the conversation, as far as this process knows. */
  joinedSeqOf(userId: UserId, conversationId: ConversationId): number | undefined {
    const user = this.users.get(userId);
    return user && this.feeds.get(conversationId)?.joinedSeqOf(user);
  }

  /** How far the log of a conversation is known to reach; undefined where this process does not follow it. */
  lastSeqOf(conversationId: ConversationId): number | undefined {
    return this.feeds.get(conversationId)?.lastSeq;
  }

  /** As it was last read or told. */
  blocksVersionOf(userId: UserId): number {
    return this.users.get(userId)?.blocksVersion ?? 0;
  }

  /** Asks the database whether the user is in the conversation, and since when. */
  ask(userId: UserId, conversationId: ConversationId): void {
    const user = this.users.get(userId);
    if (user) this.feeds.get(conversationId)?.ask(user);
  }

  /** Ends following. Answers where the client is, for it to be attached again. */
  detach(follower: Follower, userId: UserId): Map<ConversationId, Position> {
    const positions = new Map<ConversationId, Position>();
    const user = this.users.get(userId);
    if (!user?.followers.includes(follower)) return positions;
    user.followers = user.followers.filter((one) => one !== follower);
    user.noteUse();
    for (const feed of user.feeds) {
      const cursor = feed.cursorOf(follower);
      const joinedSeq = feed.joinedSeqOf(user);
      if (cursor && joinedSeq !== undefined) positions.set(feed.conversationId, { seq: cursor.told, joinedSeq });
      feed.leave(follower);
    }
    return positions;
  }

  /** Reads one window for each of these cursors of one user, one statement for all, and tells what is in them. */
  async readOn(userId: UserId, cursors: readonly Cursor[]): Promise<void> {
    const places = cursors.map(({ feed, user, at }) => ({
      conversationId: feed.conversationId,
      seq: at,
      joinedSeq: feed.joinedSeqOf(user),
    }));
    const windows = await this.windows.after(this.work.now, userId, places, WINDOW);
    for (const cursor of cursors) {
      const { feed, follower, user } = cursor;
      if (feed.cursorOf(follower) !== cursor) continue; // left, or entered anew, meanwhile
      const window = windows.get(feed.conversationId);
      if (!window) {
        feed.notAMember(user);
        continue;
      }
      for (const message of window.items) {
        if (message.seq <= cursor.at) continue;
        const afterSeq = cursor.told;
        cursor.told = message.seq; // first: a follower who becomes slow by it leaves from here
        follower.message(message, afterSeq);
        if (feed.cursorOf(follower) !== cursor) break;
      }
      cursor.at = Math.max(cursor.at, window.toSeq);
    }
  }

  // ---- polls ----

  /** The user, known from now on and for some minutes after. */
  async watch(userId: UserId): Promise<LocalUser> {
    const user = this.users.get(userId) ?? this.known.addUser(userId);
    user.noteUse();
    if (!user.isLoaded) {
      user.pins++;
      try {
        await this.known.load(user);
      } finally {
        user.pins--;
      }
    }
    return user;
  }

  /** Whether nothing is unread for the user: known for sure, and at once. */
  isQuiet(userId: UserId): boolean {
    const user = this.users.get(userId);
    if (!user?.isQuiet || !this.areSure) return false;
    user.noteUse();
    return true;
  }

  /** Whether what the feeds say can be relied on: the bus was heard within the last second, and what it left out was found. */
  get areSure(): boolean {
    return this.bus.isFresh() && !this.comparing;
  }

  /** Whether the process is ending: nobody should wait for anything any more. */
  get areClosing(): boolean {
    return this.known.isClosing;
  }

  /** Waits until something has come for the user since `touchCount` was `since`, the time is up, or the client has gone. */
  async untilTouched(user: LocalUser, since: number, ms: number, connection: Socket): Promise<void> {
    if (user.touchCount !== since || this.known.isClosing || connection.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        forget();
        connection.off('close', done);
        resolve();
      };
      const forget = user.nextTouch(done);
      const timer = setTimeout(done, ms);
      connection.once('close', done);
    });
    user.noteUse();
  }

  // ---- what events say ----

  private membersChanged(
    event: EventMap['members.left'] | EventMap['conversation.opened'],
    change?: 'joined' | 'left' | 'role',
  ): void {
    const { conversationId, membersVersion, userIds } = event;
    const here = userIds?.filter((id) => this.users.has(id));
    for (const user of here?.map((id) => this.users.get(id)!) ?? this.users.values()) user.epoch++;
    const isNews = userIds === undefined || here!.length > 0;
    const feed =
      this.feeds.get(conversationId) ??
      (isNews && this.users.size > 0 ? this.known.addFeed(conversationId) : undefined);
    const changes: ConversationChange[] = change
      ? (userIds ?? []).map((userId) => ({ conversationId, change, userId, isSmall: false }))
      : [];
    feed?.membersChanged(here, membersVersion, changes);
  }

  private groupDeleted({ conversationId }: EventMap['group.deleted']): void {
    for (const user of this.users.values()) user.epoch++;
    this.feeds.get(conversationId)?.deleted();
  }

  /** Followers of a conversation; one's own devices also in one that is too large for receipts. */
  private receiptMoved(receipt: EventMap['receipt.moved']): void {
    this.feeds.get(receipt.conversationId)?.receipt(receipt);
  }

  /** What is hidden is hidden at once; then the database says exactly. */
  private blockChanged({ blockerId, blockedId, blocked, blocksVersion }: EventMap['block.changed']): void {
    const blocker = this.users.get(blockerId);
    const other = this.users.get(blockedId);
    if (blocker) {
      blocker.epoch++;
      if (blocked) blocker.blocked = new Set([...blocker.blocked, blockedId]);
      if (blocksVersion > blocker.blocksVersion) this.known.raiseBlocksVersion(blocker, blocksVersion);
    }
    if (other) {
      other.epoch++;
      if (blocked) other.blockedBy = new Set([...other.blockedBy, blockerId]);
    }
    const concerned = [blocker, other].filter((user) => user?.isLoaded) as LocalUser[];
    if (concerned.length > 0) void this.known.readBlocks(concerned);
  }

  // ---- comparing ----

  /** Compares every user, after a disturbance. One at a time; a disturbance meanwhile begins it again. */
  private async compareAll(): Promise<void> {
    this.compareAgain = true;
    this.comparing ??= this.compareUntilStill().finally(() => (this.comparing = undefined));
    await this.comparing;
  }

  private async compareUntilStill(): Promise<void> {
    while (this.compareAgain && !this.known.isClosing) {
      this.compareAgain = false;
      try {
        const users = [...this.users.values()];
        for (let i = 0; i < users.length; i += USERS_PER_COMPARISON) {
          await this.known.compare(users.slice(i, i + USERS_PER_COMPARISON));
        }
        for (const user of users) for (const follower of user.followers) follower.compared();
      } catch (error) {
        this.compareAgain = true;
        await this.failed(error);
      }
    }
  }

  /** Now and then: forgets who is no longer asked for, and compares whose turn it is. */
  private lookThrough(): void {
    const now = performance.now();
    for (const user of this.users.values()) if (isIdle(user, now)) this.known.removeUser(user);
    const due = [...this.users.values()].filter(({ comparedAt }) => now - comparedAt > COMPARE_MS);
    const share = Math.ceil((this.users.size * 2 * SWEEP_MS) / COMPARE_MS);
    const chosen = due.slice(0, Math.max(share, 1));
    if (chosen.length > 0) void this.known.compare(chosen).catch((error) => this.failed(error));
  }

  async failed(error: unknown): Promise<void> {
    if (!this.known.isClosing)
      this.log.warn(`reading what hints left out failed, trying again: ${(error as Error).message}`);
    await sleep(RETRY_MS, undefined, { ref: false });
  }
}

const isIdle = (user: LocalUser, now: number): boolean =>
  user.followers.length === 0 && user.pins === 0 && now - user.usedAt > KEPT_MS;

/** Where a follower begins; undefined: as joined anew, since its position does not fit. */
function startOf(row: MembershipRow, position: Position | undefined, others: Resume['others']): number | undefined {
  if (position) return fits(position, row) ? position.seq : undefined;
  if (others === 'joined') return undefined;
  return others === 'end' ? row.lastSeq : Math.max(row.deliveredSeq, row.lastSeq - MAX_BACKLOG);
}

/** A position counts where it is of this membership and not beyond the log (a restored database). */
const fits = (position: Position, row: MembershipRow): boolean =>
  position.joinedSeq === row.joinedSeq && position.seq >= row.joinedSeq && position.seq <= row.lastSeq;
