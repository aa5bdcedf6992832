import { beforeEach, expect, it } from '@jest/globals';
import type { UserId } from '../common/ids.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus, type AnyEvent } from '../events/event-bus.js';
import type { UsersService } from '../users/users.service.js';
import { FeedEvents } from './feed-events.js';
import { FeedRegistry } from './feed-registry.js';
import type { BlocksRow, FeedsRepository, MembershipRow, MembersRow } from './feeds.repository.js';
import type { LocalUser } from './local-user.js';

const GROUP = 'the group';

/** A read that the registry has begun, for the test to answer. */
interface Read {
  readonly what: string;
  answer(value: unknown): void;
}

let reads: Read[];
let bus: EventBus;
let registry: FeedRegistry;
let ben: LocalUser;

const begun = <T>(what: string): Promise<T> =>
  new Promise((resolve) => reads.push({ what, answer: (value) => resolve(value as T) }));

const repository = {
  blocks: () => begun<BlocksRow[]>('blocks'),
  memberships: () => begun<MembershipRow[]>('memberships'),
  members: () => begun<MembersRow | undefined>('members'),
} as unknown as FeedsRepository;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function answer(what: string, value: unknown): Promise<void> {
  await turn();
  const read = reads.shift();
  expect(read?.what).toBe(what);
  read!.answer(value);
  await turn();
}

const publish = (event: AnyEvent): void => bus.publish([event]);
const blocks = (blocksVersion: number, blocked: UserId[] = []): BlocksRow[] => [
  { userId: 'ben', blocksVersion, blocked, blockedBy: [] },
];
const membership = (membersVersion: number): MembershipRow => ({
  conversationId: GROUP,
  kind: Kind.group,
  userA: null,
  userB: null,
  userId: 'ben',
  joinedSeq: 0,
  deliveredSeq: 0,
  lastSeq: 4,
  membersVersion,
  memberCount: 2,
});

beforeEach(() => {
  reads = [];
  bus = new EventBus();
  registry = new FeedRegistry({ now: {} } as UnitOfWork, repository, {} as UsersService);
  expect(new FeedEvents(registry, bus)).toBeDefined();
  ben = registry.openUser('ben');
});

const changed = { conversationId: GROUP, membersVersion: 2 };
const HINTS: [string, AnyEvent][] = [
  ['a member who leaves', { name: 'members.left', data: { ...changed, userIds: ['ben'] } }],
  ['a group that is deleted', { name: 'group.deleted', data: { conversationId: GROUP } }],
  ['a block', { name: 'block.changed', data: { blockerId: 'ben', blockedId: 'ana', blocked: true, blocksVersion: 1 } }],
  [
    'a blocker',
    { name: 'block.changed', data: { blockerId: 'ana', blockedId: 'ben', blocked: true, blocksVersion: 1 } },
  ],
];

it.each(HINTS)('memberships that were being read when a hint told of %s are read again', async (_, event) => {
  const loading = registry.load(ben);
  await answer('blocks', blocks(0));
  publish(event);
  await turn();
  reads.splice(0, reads.length, ...reads.filter(({ what }) => what === 'memberships'));
  await answer('memberships', [membership(1)]);
  await answer('blocks', blocks(1));
  await answer('memberships', []);
  expect(await loading).toEqual([]);
  expect([...ben.conversationIds]).toEqual([]);
});

it('a membership that only a feed has is queried when the memberships are read', async () => {
  registry.openFeed(GROUP).addMemberRow(ben, membership(1));
  await turn();
  const loading = registry.load(ben);
  await answer('blocks', blocks(0));
  await answer('memberships', []);
  await loading;
  await answer('members', undefined);
  expect([...ben.conversationIds]).toEqual([]);
});

it('a block hides a sender at once, and then the database says exactly whom', async () => {
  ben.markLoaded();
  const before = ben.notifyCount;
  publish({ name: 'block.changed', data: { blockerId: 'ben', blockedId: 'ana', blocked: true, blocksVersion: 3 } });
  expect([...ben.hiddenSenders]).toEqual(['ana']);
  expect([ben.blocksVersion, ben.notifyCount > before]).toEqual([3, true]);
  await answer('blocks', blocks(3, ['ana', 'cleo']));
  expect([...ben.hiddenSenders]).toEqual(['ana', 'cleo']);
});

it('a user who is blocked sees no receipts of the blocker from then on', async () => {
  publish({ name: 'block.changed', data: { blockerId: 'ana', blockedId: 'ben', blocked: true, blocksVersion: 1 } });
  await turn();
  expect(ben.isBlockedEitherWay('ana')).toBe(true);
});
