import { beforeEach, expect, it } from '@jest/globals';
import type { UserId } from '../common/ids.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { MessageSent } from '../events/events.js';
import { ConversationFeed } from './conversation-feed.js';
import type { FeedSource } from './feed-source.js';
import type { FeedState, MembersRow } from './feeds.repository.js';
import type { ConversationChange, FanOutMessage, FeedSubscriber, LaggingSubscription } from './feed-subscriber.js';
import { LocalUser } from './local-user.js';

/*
 * The rules one by one. That they are enough, and hold together with sockets, comparisons and lost connections, is
 * simulated in test/live-histories.spec.ts.
 */

const GROUP = 'the group';

/** A read that the feed has begun, for the test to answer. */
interface Read {
  readonly what: string;
  answer(value: unknown): void;
  fail(): void;
}

let reads: Read[];
let users: Map<UserId, LocalUser>;
let feed: ConversationFeed;
let isReleased: boolean;

const begun = (what: string): Promise<never> =>
  new Promise((resolve, reject) => {
    reads.push({ what, answer: (value) => resolve(value as never), fail: () => reject(new Error('lost')) });
  });

const ready = (seq: number, senderId = 'ana'): FanOutMessage =>
  ({ message: { seq, sender: { id: senderId } }, clientMessageId: undefined }) as FanOutMessage;

const source: FeedSource = {
  readMembers: (_id, userIds) => begun(`members among ${userIds.toSorted().join(' ')}`),
  readGap: (_state, after, to) => begun(`gap after ${after} to ${to}`),
  prepare: (_state, { seq, senderId }) => ready(seq, senderId),
  localUsers: () => users.values(),
  localUser: (id) => users.get(id),
  release: () => (isReleased = true),
  readFailed: () => Promise.resolve(),
};

/** A subscriber that writes down what it gets. */
class Reader implements FeedSubscriber {
  received: string[] = [];
  readonly laggingSeen: LaggingSubscription[] = [];

  fanOut({ message }: FanOutMessage, afterSeq: number): void {
    this.received.push(`${message.seq} after ${afterSeq}`);
  }
  message(): void {
    throw new Error('reads nothing by itself');
  }
  lagging(subscription: LaggingSubscription): void {
    this.laggingSeen.push(subscription);
  }
  joined(_id: string, joinedSeq: number): void {
    this.received.push(`joined ${joinedSeq}`);
  }
  left(): void {
    this.received.push('left');
  }
  changed({ change, userId }: { change: string; userId?: UserId }): void {
    this.received.push(`${userId} ${change}`);
  }
  receipt(): void {
    this.received.push('receipt');
  }
  typing(): void {
    this.received.push('typing');
  }
  blocksChanged(): void {
    this.received.push('blocks');
  }
  resynced(): void {
    this.received.push('compared');
  }
}

const state = (lastSeq: number, membersVersion: number): FeedState => ({
  conversationId: GROUP,
  kind: Kind.group,
  userA: null,
  userB: null,
  lastSeq,
  membersVersion,
  memberCount: 2,
});

const members = (lastSeq: number, version: number, joined: Record<UserId, number>): MembersRow => ({
  ...state(lastSeq, version),
  userIds: Object.keys(joined),
  joinedSeqs: Object.values(joined),
});

function localUser(id: UserId): { user: LocalUser; reader: Reader } {
  const user = new LocalUser(id);
  const reader = new Reader();
  user.addSubscriber(reader);
  users.set(id, user);
  return { user, reader };
}

/** A member since 0 who has caught up with the log, as has the feed. */
async function member(id: UserId, lastSeq: number, version: number): Promise<{ user: LocalUser; reader: Reader }> {
  const both = localUser(id);
  feed.addMemberRow(both.user, { ...state(lastSeq, version), joinedSeq: 0 });
  both.reader.received = [];
  feed.subscribe(both.reader, both.user, lastSeq);
  await waitingFor();
  return both;
}

const sent = (seq: number, membersVersion: number, senderId = 'ana'): MessageSent => ({
  conversationId: GROUP,
  seq,
  senderId,
  text: '',
  sentAt: '2026-11-23T10:00:00.000Z',
  membersVersion,
});

/** Lets the feed go on as far as it can, and answers what it waits for. */
async function waitingFor(): Promise<string[]> {
  await new Promise(setImmediate);
  return reads.map(({ what }) => what);
}

async function answer(value: unknown): Promise<void> {
  await waitingFor();
  expect(reads).toHaveLength(1); // one read at a time
  reads.shift()!.answer(value);
  await waitingFor();
}

beforeEach(() => {
  reads = [];
  users = new Map();
  feed = new ConversationFeed(GROUP, source);
  isReleased = false;
});

it('a feed fans out the next message at once, and an earlier one never again', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.messageSent(sent(5, 1));
  feed.messageSent(sent(5, 1));
  feed.messageSent(sent(3, 1));
  feed.messageSent(sent(6, 1));
  expect(reader.received).toEqual(['5 after 4', '6 after 5']);
  expect(await waitingFor()).toEqual([]);
});

it('a feed reads the missing messages up to the hinted number, and no further', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.messageSent(sent(7, 1));
  expect(await waitingFor()).toEqual(['gap after 4 to 7']);
  await answer([ready(5), ready(6), ready(7)]);
  expect(reader.received).toEqual(['5 after 4', '6 after 5', '7 after 6']);
  expect(await waitingFor()).toEqual([]);
});

it('a feed does not read a message that came early, and ignores a late hint', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.messageSent(sent(7, 1));
  await waitingFor();
  feed.messageSent(sent(8, 1));
  feed.messageSent(sent(6, 1));
  await answer([ready(5)]);
  feed.messageSent(sent(5, 1));
  expect(reader.received).toEqual(['5 after 4', '6 after 5', '7 after 6', '8 after 7']);
  expect(await waitingFor()).toEqual([]);
});

it('a lagging subscription gets no message by fan-out, and one that is ahead gets none again', async () => {
  const { user, reader } = await member('ben', 4, 1);
  const [lagging, ahead] = [new Reader(), new Reader()];
  user.addSubscriber(lagging);
  user.addSubscriber(ahead);
  feed.subscribe(lagging, user, 2);
  feed.subscribe(ahead, user, 5);
  expect(lagging.laggingSeen).toHaveLength(1); // at once, and not only with the next message
  feed.messageSent(sent(5, 1));
  feed.messageSent(sent(6, 1));
  expect(reader.received).toEqual(['5 after 4', '6 after 5']);
  expect(lagging.received).toEqual([]);
  expect(lagging.laggingSeen.every(({ isLagging }) => isLagging)).toBe(true);
  expect(feed.subscriptionOf(lagging)?.scannedSeq).toBe(2);
  expect(ahead.received).toEqual(['6 after 5']);
});

it('a message of a blocked sender is scanned, not sent: afterSeq says what the client has', async () => {
  const { user, reader } = await member('ben', 4, 1);
  user.hideSender('cleo');
  feed.messageSent(sent(5, 1, 'cleo'));
  feed.messageSent(sent(6, 1));
  expect(reader.received).toEqual(['6 after 4']);
});

it('a message stored under newer members waits until the feed has read them: a user who has left does not get it', async () => {
  const ben = await member('ben', 4, 1);
  const cleo = await member('cleo', 4, 1);
  feed.messageSent(sent(5, 2));
  expect(await waitingFor()).toEqual(['members among ben cleo']);
  expect([ben.reader.received, cleo.reader.received]).toEqual([[], []]);
  await answer(members(5, 2, { ben: 0 }));
  expect(ben.reader.received).toEqual(['5 after 4']);
  expect(cleo.reader.received).toEqual(['left']);
});

it('a user who joined is told by the next message, although the hint of joining is lost', async () => {
  await member('ben', 4, 1);
  const { reader } = localUser('cleo');
  feed.messageSent(sent(5, 2));
  expect(await waitingFor()).toEqual(['members among ben cleo']);
  await answer(members(5, 2, { ben: 0, cleo: 4 }));
  expect(reader.received).toEqual(['joined 4']);
});

it('a hint wakes every poll of a member; for its sender nothing is unread by it', async () => {
  const { user } = await member('ben', 4, 1);
  user.setNothingUnread(user.unreadCount);
  feed.messageSent(sent(5, 1, 'ben'));
  expect(user.hasNothingUnread).toBe(true);
  expect(user.notifyCount).toBeGreaterThan(0);
  feed.messageSent(sent(7, 1));
  expect(user.hasNothingUnread).toBe(false);
  await waitingFor();
});

it('a user who left and came back unseen is told both, by the joinedSeq', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.messageSent(sent(7, 3));
  await answer(members(7, 3, { ben: 6 }));
  await answer([ready(5), ready(6), ready(7)]);
  expect(reader.received).toEqual(['left', 'joined 6']);
});

it('a user’s own joining is told when it is found, and not again by a late hint', async () => {
  const ben = await member('ben', 4, 1);
  const cleo = localUser('cleo');
  const joined = { conversationId: GROUP, change: 'joined', userId: 'cleo', isSmall: true } as const;
  for (let i = 0; i < 2; i++) {
    feed.membersChanged(['cleo'], 2, [joined]);
    await answer(members(4, 2, { ben: 0, cleo: 4 }));
  }
  expect(ben.reader.received).toEqual(['cleo joined', 'cleo joined']);
  expect(cleo.reader.received).toEqual(['joined 4']);
});

it('a members_version that skips one asks about everybody here, the next one about the users it names', async () => {
  await member('ben', 4, 1);
  localUser('cleo');
  localUser('dan');
  feed.membersChanged(['cleo'], 2, []);
  expect(await waitingFor()).toEqual(['members among ben cleo']);
  await answer(members(4, 2, { ben: 0, cleo: 4 }));
  feed.membersChanged(['cleo'], 4, []);
  expect(await waitingFor()).toEqual(['members among ben cleo dan']);
});

it('a membership query that failed is repeated for the same users, and its changes are published then', async () => {
  const { reader } = await member('ben', 4, 1);
  const cleo = localUser('cleo');
  feed.membersChanged(['cleo'], 2, [{ conversationId: GROUP, change: 'joined', userId: 'cleo', isSmall: true }]);
  await waitingFor();
  reads.shift()!.fail();
  expect(await waitingFor()).toEqual(['members among ben cleo']);
  await answer(members(4, 2, { ben: 0, cleo: 4 }));
  expect(reader.received).toEqual(['cleo joined']);
  expect(cleo.reader.received).toEqual(['joined 4']);
});

it('a membership query about everybody that failed is repeated for everybody', async () => {
  await member('ben', 4, 1);
  localUser('cleo');
  feed.messageSent(sent(5, 2));
  await waitingFor();
  reads.shift()!.fail();
  expect(await waitingFor()).toEqual(['members among ben cleo']);
  await answer(members(5, 2, { ben: 0 }));
});

it('a membership row older than the feed adds nobody without a new query', async () => {
  await member('ben', 4, 2);
  const { user, reader } = localUser('cleo');
  feed.addMemberRow(user, { ...state(4, 1), joinedSeq: 0 });
  feed.messageSent(sent(5, 2));
  expect(await waitingFor()).toEqual(['members among ben cleo']);
  await answer(members(5, 2, { ben: 0 }));
  expect(reader.received).toEqual([]);
  expect(feed.joinedSeqOf(user)).toBeUndefined();
});

it('a membership that a window did not find ends at once, and is queried', async () => {
  const { user, reader } = await member('ben', 4, 1);
  feed.membershipNotFound(user);
  expect(reader.received).toEqual(['left']);
  await answer(members(6, 3, { ben: 6 }));
  expect(reader.received).toEqual(['left', 'joined 6']);
});

it('a feed without local members is released: the conversation was deleted', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.membersChanged(['ben'], 2, []);
  await answer(undefined);
  expect(reader.received).toEqual(['left']);
  expect(isReleased).toBe(true);
});

it('a direct conversation is told with its first message', async () => {
  const { reader } = localUser('ben');
  const opened = { kind: Kind.direct, userA: 'ana', userB: 'ben' };
  feed.membersChanged(['ben'], 1, []);
  await answer({ ...members(0, 1, { ben: 0 }), ...opened });
  expect(reader.received).toEqual([]);
  feed.messageSent(sent(1, 1));
  expect(reader.received).toEqual(['joined 0']);
});

const receipt = { conversationId: GROUP, userId: 'ana', deliveredSeq: 1, readSeq: 1 };

it('receipts and typing go to nobody who is blocked in either direction', async () => {
  const [ben, cleo, dan] = [await member('ben', 4, 1), await member('cleo', 4, 1), await member('dan', 4, 1)];
  ben.user.hideSender('ana');
  cleo.user.addBlocker('ana');
  feed.receipt(receipt);
  feed.typing({ conversationId: GROUP, userId: 'ana' });
  expect([ben, cleo, dan].map(({ reader }) => reader.received)).toEqual([[], [], ['receipt', 'typing']]);
});

it('a message that is hinted during the read of a gap is fanned out once', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.messageSent(sent(7, 1));
  await waitingFor();
  feed.messageSent(sent(5, 1));
  await answer([ready(5), ready(6), ready(7)]);
  expect(reader.received).toEqual(['5 after 4', '6 after 5', '7 after 6']);
});

it('a feed stops reading a gap of which the database has nothing: the log is shorter than was hinted', async () => {
  await member('ben', 4, 1);
  feed.messageSent(sent(7, 1));
  await answer([]);
  expect(await waitingFor()).toEqual([]);
});

it('a membership row that is ahead of the feed makes the feed read what it lacks', async () => {
  await member('ben', 4, 1);
  const { user } = localUser('cleo');
  feed.addMemberRow(user, { ...state(6, 1), joinedSeq: 0 });
  expect(await waitingFor()).toEqual(['gap after 4 to 6']);
});

it('members that are read at a longer log make the feed read what it lacks', async () => {
  await member('ben', 4, 1);
  feed.membersChanged(['ben'], 2, []);
  await answer(members(6, 2, { ben: 0 }));
  expect(await waitingFor()).toEqual(['gap after 4 to 6']);
});

it('a members_version that the database does not reach is given up, and a lower one is read again', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.membersChanged(['ben'], 9, []);
  await answer(members(4, 2, { ben: 0 })); // a restored database
  feed.messageSent(sent(5, 3));
  expect(await waitingFor()).toEqual(['members among ben']);
  await answer(members(5, 3, {}));
  expect(reader.received).toEqual(['left']);
});

it('a gap that is read late does not take the feed back', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.messageSent(sent(7, 1));
  await waitingFor();
  feed.messageSent(sent(5, 1));
  feed.messageSent(sent(6, 1));
  await answer([ready(5)]);
  expect(feed.lastSeq).toBe(7);
  expect(reader.received).toEqual(['5 after 4', '6 after 5', '7 after 6']);
});

it('users who join together see each other in the head, and are not told of each other', async () => {
  const ben = await member('ben', 4, 1);
  const [cleo, dan] = [localUser('cleo'), localUser('dan')];
  const joined = (userId: string): ConversationChange => ({
    conversationId: GROUP,
    change: 'joined',
    userId,
    isSmall: true,
  });
  feed.membersChanged(['cleo', 'dan'], 2, [joined('cleo'), joined('dan')]);
  await answer(members(4, 2, { ben: 0, cleo: 4, dan: 4 }));
  expect(ben.reader.received).toEqual(['cleo joined', 'dan joined']);
  expect([cleo.reader.received, dan.reader.received]).toEqual([['joined 4'], ['joined 4']]);
});

it('a subscriber that subscribes again has one subscription', async () => {
  const { user, reader } = await member('ben', 4, 1);
  const first = feed.subscriptionOf(reader)!;
  feed.subscribe(reader, user, 4);
  expect([first.isActive, feed.subscriptionOf(reader)!.isActive]).toEqual([false, true]);
});

it('a feed that reads is not released before the read is done', async () => {
  const { user } = await member('ben', 4, 1);
  feed.membersChanged(['ben'], 2, []);
  await waitingFor();
  feed.removeLocalUser(user);
  expect(isReleased).toBe(false);
  await answer(members(4, 2, {}));
  expect(isReleased).toBe(true);
});

it('a change of members that names nobody here is read all the same: the group may be too large for receipts now', async () => {
  const { reader } = await member('ben', 4, 1);
  feed.membersChanged([], 2, []);
  await answer({ ...members(4, 2, { ben: 0 }), memberCount: 101 });
  feed.receipt({ conversationId: GROUP, userId: 'ana', deliveredSeq: 1, readSeq: 1 });
  expect(reader.received).toEqual([]);
});

it('a change of members that is hinted while they are being read is read after that', async () => {
  await member('ben', 4, 1);
  feed.membersChanged([], 2, []);
  await waitingFor();
  feed.membersChanged([], 3, []);
  await answer(members(4, 2, { ben: 0 }));
  expect(await waitingFor()).toEqual(['members among ben']);
  await answer(members(4, 3, { ben: 0 }));
  expect(await waitingFor()).toEqual([]);
});
