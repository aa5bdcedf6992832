import { beforeEach, describe, expect, it } from '@jest/globals';
import type { UserId } from '../common/ids.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { MessageSent } from '../events/events.js';
import type { FeedSubscription } from './feed-subscription.js';
import { ConversationFeed, type FeedSource } from './conversation-feed.js';
import type { FeedState, MembersRow } from './feeds.repository.js';
import type { FeedSubscriber, FanOutMessage } from './feed-subscriber.js';
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
let isDismissed: boolean;

const begun = (what: string): Promise<never> =>
  new Promise((resolve, reject) => {
    reads.push({ what, answer: (value) => resolve(value as never), fail: () => reject(new Error('lost')) });
  });

const passed = (seq: number, senderId = 'ana'): FanOutMessage =>
  ({ message: { seq, sender: { id: senderId } }, clientMessageId: undefined }) as FanOutMessage;

const source: FeedSource = {
  readMembers: (_id, userIds) => begun(`members among ${userIds.toSorted().join(' ')}`),
  readGap: (_state, after, to) => begun(`gap after ${after} to ${to}`),
  prepare: (_state, { seq, senderId }) => passed(seq, senderId),
  localUsers: () => users.values(),
  localUser: (id) => users.get(id),
  release: () => (isDismissed = true),
  readFailed: () => Promise.resolve(),
};

/** A follower that writes down what it is told. */
class Reader implements FeedSubscriber {
  told: string[] = [];
  readonly behind: FeedSubscription[] = [];

  fanOut({ message }: FanOutMessage, afterSeq: number): void {
    this.told.push(`${message.seq} after ${afterSeq}`);
  }
  message(): void {
    throw new Error('reads nothing by itself');
  }
  lagging(cursor: FeedSubscription): void {
    this.behind.push(cursor);
  }
  joined(_id: string, joinedSeq: number): void {
    this.told.push(`joined ${joinedSeq}`);
  }
  left(): void {
    this.told.push('left');
  }
  changed({ change, userId }: { change: string; userId?: UserId }): void {
    this.told.push(`${userId} ${change}`);
  }
  receipt(): void {
    this.told.push('receipt');
  }
  typing(): void {
    this.told.push('typing');
  }
  blocksChanged(): void {
    this.told.push('blocks');
  }
  resynced(): void {
    this.told.push('compared');
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
  user.subscribers = [reader];
  users.set(id, user);
  return { user, reader };
}

/** A member since 0 who is level with the log, as is the feed. */
async function member(id: UserId, lastSeq: number, version: number): Promise<{ user: LocalUser; reader: Reader }> {
  const both = localUser(id);
  feed.addMemberRow(both.user, { ...state(lastSeq, version), joinedSeq: 0 });
  both.reader.told = [];
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
  isDismissed = false;
});

describe('a message', () => {
  it('with the next number is passed on at once, an earlier one never again', async () => {
    const { reader } = await member('ben', 4, 1);
    feed.messageSent(sent(5, 1));
    feed.messageSent(sent(5, 1));
    feed.messageSent(sent(3, 1));
    feed.messageSent(sent(6, 1));
    expect(reader.told).toEqual(['5 after 4', '6 after 5']);
    expect(await waitingFor()).toEqual([]);
  });

  it('with a later number has the gap read, up to it and no further', async () => {
    const { reader } = await member('ben', 4, 1);
    feed.messageSent(sent(7, 1));
    expect(await waitingFor()).toEqual(['gap after 4 to 7']);
    await answer([passed(5), passed(6), passed(7)]);
    expect(reader.told).toEqual(['5 after 4', '6 after 5', '7 after 6']);
    expect(await waitingFor()).toEqual([]);
  });

  it('that came early is not read when its turn comes, and a late hint is passed over', async () => {
    const { reader } = await member('ben', 4, 1);
    feed.messageSent(sent(7, 1));
    await waitingFor();
    feed.messageSent(sent(8, 1));
    feed.messageSent(sent(6, 1));
    await answer([passed(5)]);
    feed.messageSent(sent(5, 1));
    expect(reader.told).toEqual(['5 after 4', '6 after 5', '7 after 6', '8 after 7']);
    expect(await waitingFor()).toEqual([]);
  });

  it('goes to a follower who is behind by a window of its own, and to one that is ahead not at all', async () => {
    const { user, reader } = await member('ben', 4, 1);
    const [behind, ahead] = [new Reader(), new Reader()];
    user.subscribers = [...user.subscribers, behind, ahead];
    feed.subscribe(behind, user, 2);
    feed.subscribe(ahead, user, 5);
    feed.messageSent(sent(5, 1));
    feed.messageSent(sent(6, 1));
    expect(reader.told).toEqual(['5 after 4', '6 after 5']);
    expect(behind.told).toEqual([]);
    expect(behind.behind.every(({ scannedSeq }) => scannedSeq === 2)).toBe(true);
    expect(ahead.told).toEqual(['6 after 5']);
  });

  it('of somebody blocked is looked at, not told: afterSeq says what the client has', async () => {
    const { user, reader } = await member('ben', 4, 1);
    user.hiddenSenders = new Set(['cleo']);
    feed.messageSent(sent(5, 1, 'cleo'));
    feed.messageSent(sent(6, 1));
    expect(reader.told).toEqual(['6 after 4']);
  });

  it('waits while its membership is read, which is newer than the feed’s: who has left does not get it', async () => {
    const ben = await member('ben', 4, 1);
    const cleo = await member('cleo', 4, 1);
    feed.messageSent(sent(5, 2));
    expect(await waitingFor()).toEqual(['members among ben cleo']);
    expect([ben.reader.told, cleo.reader.told]).toEqual([[], []]);
    await answer(members(5, 2, { ben: 0 }));
    expect(ben.reader.told).toEqual(['5 after 4']);
    expect(cleo.reader.told).toEqual(['left']);
  });

  it('tells of everybody here who has come, though the hint that said so is lost', async () => {
    await member('ben', 4, 1);
    const { reader } = localUser('cleo');
    feed.messageSent(sent(5, 2));
    expect(await waitingFor()).toEqual(['members among ben cleo']);
    await answer(members(5, 2, { ben: 0, cleo: 4 }));
    expect(reader.told).toEqual(['joined 4']);
  });

  it('wakes who polls as soon as it is hinted, and its sender as well, who has nothing unread by it', async () => {
    const { user } = await member('ben', 4, 1);
    user.setNothingUnread(user.unreadCount);
    feed.messageSent(sent(5, 1, 'ben'));
    expect(user.hasNothingUnread).toBe(true);
    expect(user.notifyCount).toBeGreaterThan(0);
    feed.messageSent(sent(7, 1));
    expect(user.hasNothingUnread).toBe(false);
    await waitingFor();
  });
});

describe('membership', () => {
  it('is compared by joinedSeq: who left and came back unseen is told both', async () => {
    const { reader } = await member('ben', 4, 1);
    feed.messageSent(sent(7, 3));
    await answer(members(7, 3, { ben: 6 }));
    await answer([passed(5), passed(6), passed(7)]);
    expect(reader.told).toEqual(['left', 'joined 6']);
  });

  it('of one’s own is told as it is found, not again by a late hint', async () => {
    const ben = await member('ben', 4, 1);
    const cleo = localUser('cleo');
    const joined = { conversationId: GROUP, change: 'joined', userId: 'cleo', isSmall: true } as const;
    for (let i = 0; i < 2; i++) {
      feed.membersChanged(['cleo'], 2, [joined]);
      await answer(members(4, 2, { ben: 0, cleo: 4 }));
    }
    expect(ben.reader.told).toEqual(['cleo joined', 'cleo joined']);
    expect(cleo.reader.told).toEqual(['joined 4']);
  });

  it('that has jumped is asked for everybody here; the next one for whom it names', async () => {
    await member('ben', 4, 1);
    localUser('cleo');
    localUser('dan');
    feed.membersChanged(['cleo'], 2, []);
    expect(await waitingFor()).toEqual(['members among ben cleo']);
    await answer(members(4, 2, { ben: 0, cleo: 4 }));
    feed.membersChanged(['cleo'], 4, []);
    expect(await waitingFor()).toEqual(['members among ben cleo dan']);
  });

  it('that could not be read is read again, of the same users, and its changes are told then', async () => {
    const { reader } = await member('ben', 4, 1);
    const cleo = localUser('cleo');
    feed.membersChanged(['cleo'], 2, [{ conversationId: GROUP, change: 'joined', userId: 'cleo', isSmall: true }]);
    await waitingFor();
    reads.shift()!.fail();
    expect(await waitingFor()).toEqual(['members among ben cleo']);
    await answer(members(4, 2, { ben: 0, cleo: 4 }));
    expect(reader.told).toEqual(['cleo joined']);
    expect(cleo.reader.told).toEqual(['joined 4']);
  });

  it('that could not be read of everybody is read again of everybody', async () => {
    await member('ben', 4, 1);
    localUser('cleo');
    feed.messageSent(sent(5, 2));
    await waitingFor();
    reads.shift()!.fail();
    expect(await waitingFor()).toEqual(['members among ben cleo']);
    await answer(members(5, 2, { ben: 0 }));
  });

  it('that was read before what the feed knows admits nobody without asking', async () => {
    await member('ben', 4, 2);
    const { user, reader } = localUser('cleo');
    feed.addMemberRow(user, { ...state(4, 1), joinedSeq: 0 });
    feed.messageSent(sent(5, 2));
    expect(await waitingFor()).toEqual(['members among ben cleo']);
    await answer(members(5, 2, { ben: 0 }));
    expect(reader.told).toEqual([]);
    expect(feed.joinedSeqOf(user)).toBeUndefined();
  });

  it('that a window did not find is over at once, and asked for', async () => {
    const { user, reader } = await member('ben', 4, 1);
    feed.membershipNotFound(user);
    expect(reader.told).toEqual(['left']);
    await answer(members(6, 3, { ben: 6 }));
    expect(reader.told).toEqual(['left', 'joined 6']);
  });

  it('of nobody here any more dismisses the feed: the conversation is deleted', async () => {
    const { reader } = await member('ben', 4, 1);
    feed.membersChanged(['ben'], 2, []);
    await answer(undefined);
    expect(reader.told).toEqual(['left']);
    expect(isDismissed).toBe(true);
  });
});

describe('a direct conversation', () => {
  it('is told with its first message', async () => {
    const { reader } = localUser('ben');
    const opened = { kind: Kind.direct, userA: 'ana', userB: 'ben' };
    feed.membersChanged(['ben'], 1, []);
    await answer({ ...members(0, 1, { ben: 0 }), ...opened });
    expect(reader.told).toEqual([]);
    feed.messageSent(sent(1, 1));
    expect(reader.told).toEqual(['joined 0']);
  });
});

describe('receipts and typing', () => {
  const receipt = { conversationId: GROUP, userId: 'ana', deliveredSeq: 1, readSeq: 1 };

  it('go to nobody with whom there is a block, either way', async () => {
    const [ben, cleo, dan] = [await member('ben', 4, 1), await member('cleo', 4, 1), await member('dan', 4, 1)];
    ben.user.hiddenSenders = new Set(['ana']);
    cleo.user.blockedBy = new Set(['ana']);
    feed.receipt(receipt);
    feed.typing({ conversationId: GROUP, userId: 'ana' });
    expect([ben, cleo, dan].map(({ reader }) => reader.told)).toEqual([[], [], ['receipt', 'typing']]);
  });
});
