import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Input, Schemas } from '../sdk/src/index.js';
import { invalid, malformed } from '../src/common/problems.js';
import type { Person } from './support/person.js';
import { newWorld } from './support/world.js';

type SyncPage = Schemas['SyncPage'];
type Positions = NonNullable<Input<'sync'>['positions']>;

/** For each returned conversation: the numbers of its messages, and the window they are in. */
const windows = ({ conversations }: SyncPage): Record<string, object> =>
  Object.fromEntries(
    conversations.map(({ conversation, messages: { items, ...stretch } }) => [
      conversation.id,
      { seqs: items.map(({ seq }) => seq), ...stretch },
    ]),
  );

const positionsAfter = ({ conversations }: SyncPage): Positions =>
  Object.fromEntries(
    conversations.map(({ conversation: { id, joinedSeq }, messages: { toSeq } }) => [id, { seq: toSeq, joinedSeq }]),
  );

async function sendMany(from: Person, to: { id: string }, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, i) => ({ recipient: to.id, text: `${i + 1}` }));
  await from.api.sendMessages({ messages });
}

it('the first sync returns every conversation with its head and its beginning', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await cleo.createGroup('Trip', ana);
  const quiet = await ana.createGroup('Quiet');
  const { conversationId } = await ben.sendTo(ana, 'hello');
  await sendMany(cleo, group, 60);
  const page = await ana.api.sync({});
  expect(page).toMatchObject({ gone: [], blocksVersion: 0 });
  expect(page).not.toHaveProperty('next');
  expect(windows(page)).toEqual({
    [conversationId]: { seqs: [1], afterSeq: 0, toSeq: 1, more: false },
    [group.id]: { seqs: Array.from({ length: 50 }, (_, i) => i + 1), afterSeq: 0, toSeq: 50, more: true },
    [quiet.id]: { seqs: [], afterSeq: 0, toSeq: 0, more: false },
  });
  const ids = page.conversations.map(({ conversation }) => conversation.id);
  expect(ids).toEqual(ids.toSorted());
  for (const { conversation } of page.conversations) expect(conversation).toEqual(await ana.conversation(conversation));
});

it('a sync with positions returns only newer messages', async () => {
  const { ana, ben, cleo } = await newWorld();
  await ben.sendTo(ana, 'one');
  await cleo.sendTo(ana, 'one');
  const first = await ana.api.sync({});
  const positions = positionsAfter(first);
  const { blocksVersion } = first;
  expect(await ana.api.sync({ positions, blocksVersion })).toEqual({ conversations: [], gone: [], blocksVersion: 0 });
  const { conversationId } = await ben.sendTo(ana, 'two');
  expect(windows(await ana.api.sync({ positions, blocksVersion }))).toEqual({
    [conversationId]: { seqs: [2], afterSeq: 1, toSeq: 2, more: false },
  });
  await ben.read(`${conversationId}.1`); // markers are in heads
  expect(Object.keys(windows(await ana.api.sync({ positions, blocksVersion })))).toEqual([conversationId]);
});

it('a sync accepts conversation ids in any case, and returns each conversation once', async () => {
  const { ana, ben } = await newWorld();
  const { conversationId } = await ben.sendTo(ana, 'one');
  await ben.sendTo(ana, 'two');
  const positions = {
    [conversationId.toUpperCase()]: { seq: 0, joinedSeq: 0 },
    [conversationId]: { seq: 1, joinedSeq: 0 },
  };
  const page = await ana.api.sync({ positions });
  expect(page.conversations).toHaveLength(1);
  expect(windows(page)).toEqual({ [conversationId]: { seqs: [2], afterSeq: 1, toSeq: 2, more: false } });
});

it('a sync position of another membership, or beyond the log, counts as absent', async () => {
  const { ana, ben } = await newWorld();
  const group = await ben.createGroup('Trip', ana);
  await sendMany(ben, group, 3);
  await ben.remove(group, ana);
  await sendMany(ben, group, 1);
  await ben.add(group, ana);
  await sendMany(ben, group, 2);
  const whole = { [group.id]: { seqs: [5, 6], afterSeq: 4, toSeq: 6, more: false } };
  for (const position of [
    { seq: 3, joinedSeq: 0 },
    { seq: 6, joinedSeq: 0 },
    { seq: 7, joinedSeq: 4 },
    { seq: 2, joinedSeq: 4 },
    { seq: Number.MAX_SAFE_INTEGER, joinedSeq: 4 },
  ]) {
    expect(windows(await ana.api.sync({ positions: { [group.id]: position }, blocksVersion: 0 }))).toEqual(whole);
  }
  const fitting = { [group.id]: { seq: 5, joinedSeq: 4 } };
  expect(windows(await ana.api.sync({ positions: fitting, blocksVersion: 0 }))).toEqual({
    [group.id]: { seqs: [6], afterSeq: 5, toSeq: 6, more: false },
  });
});

it('a member who left and came back starts the conversation again, also without messages in between', async () => {
  const { ana, ben } = await newWorld();
  const group = await ben.createGroup('Trip', ana);
  await sendMany(ben, group, 3);
  await ana.leave(group);
  await ben.add(group, ana);
  const positions = { [group.id]: { seq: 3, joinedSeq: 0 } };
  const page = await ana.api.sync({ positions, blocksVersion: 0 });
  expect(page.conversations).toMatchObject([{ conversation: { joinedSeq: 3 }, messages: { items: [], toSeq: 3 } }]);
});

it('a sync returns positions of conversations without the caller as gone', async () => {
  const { ana, ben, cleo } = await newWorld();
  const left = await ben.createGroup('Left', ana);
  const deleted = await ben.createGroup('Deleted', ana);
  const foreign = await cleo.sendTo(ben, 'not for Ana');
  const { conversationId } = await ben.sendTo(ana, 'hello');
  await ana.leave(left);
  await ben.api.removeGroup(deleted);
  const unknown = randomUUID();
  const ids = [left.id, deleted.id, foreign.conversationId, unknown, conversationId];
  const positions = Object.fromEntries(ids.map((id) => [id, { seq: 0, joinedSeq: 0 }]));
  const page = await ana.api.sync({ positions });
  expect(page.gone.toSorted()).toEqual(ids.slice(0, 4).toSorted());
  expect(Object.keys(windows(page))).toEqual([conversationId]);
});

it("a sync's limit counts conversations, next continues after them, and gone comes first", async () => {
  const { ana, ben } = await newWorld();
  const groups = [];
  for (let i = 0; i < 5; i++) groups.push(await ana.createGroup(`${i}`, ben));
  const left = groups.pop()!;
  await ben.leave(left);
  const positions = { [left.id]: { seq: 0, joinedSeq: 0 } };
  const found = [];
  const gone = [];
  let cursor: string | undefined;
  do {
    const page: SyncPage = await ben.api.sync({ positions, limit: 2, ...(cursor && { cursor }) });
    found.push(page.conversations.map(({ conversation }) => conversation.id));
    gone.push(page.gone);
    cursor = page.next;
  } while (cursor);
  const ids = groups.map(({ id }) => id).toSorted();
  expect(found).toEqual([ids.slice(0, 2), ids.slice(2)]);
  expect(gone).toEqual([[left.id], []]);
});

it('a sync with another blocksVersion takes group positions as absent, and direct ones not', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo);
  await ben.sendTo(group, 'from Ben');
  await cleo.sendTo(group, 'from Cleo');
  await ben.sendTo(ana, 'direct');
  const before = await ana.api.sync({});
  const request = { positions: positionsAfter(before), blocksVersion: before.blocksVersion };
  expect((await ana.api.sync(request)).conversations).toEqual([]);

  await ana.block(ben);
  const blocked = await ana.api.sync(request);
  expect(blocked.blocksVersion).toBe(1);
  expect(windows(blocked)).toEqual({ [group.id]: { seqs: [2], afterSeq: 0, toSeq: 2, more: false } });
  expect((await ana.api.sync({ ...request, blocksVersion: 1 })).conversations).toEqual([]);

  await ana.unblock(ben);
  const unblocked = await ana.api.sync({ ...request, blocksVersion: 1 });
  expect(unblocked.blocksVersion).toBe(2);
  expect(windows(unblocked)).toEqual({ [group.id]: { seqs: [1, 2], afterSeq: 0, toSeq: 2, more: false } });
});

it('all pages of one sync start groups again, or none does, as its first page decided', async () => {
  const { ana, ben, cleo } = await newWorld();
  const groups: Schemas['Group'][] = [];
  for (const name of ['1', '2', '3']) groups.push(await ana.createGroup(name, ben));
  for (const group of groups) await ben.sendTo(group, 'one');
  const before = await ana.api.sync({});
  const positions = positionsAfter(before);
  for (const group of groups) await ben.sendTo(group, 'two');

  const stretches = async (blocksVersion: number, meanwhile: () => Promise<unknown>): Promise<number[]> => {
    const starts: number[] = [];
    let page: SyncPage = await ana.api.sync({ positions, blocksVersion, limit: 1 });
    starts.push(...page.conversations.map(({ messages }) => messages.afterSeq));
    await meanwhile();
    while (page.next) {
      page = await ana.api.sync({ positions, blocksVersion, limit: 1, cursor: page.next });
      starts.push(...page.conversations.map(({ messages }) => messages.afterSeq));
    }
    return starts;
  };
  expect(await stretches(0, () => ana.block(cleo))).toEqual([1, 1, 1]); // the next sync begins again
  expect(await stretches(0, () => ana.unblock(cleo))).toEqual([0, 0, 0]);
});

it('a sync refuses a bad position, limit or cursor', async () => {
  const { ana } = await newWorld();
  const at = (position: unknown): object => ({ positions: { [ana.id]: position } });
  const bodies: [body: object | string, field: string][] = [
    [{ positions: [] }, 'positions'],
    [{ positions: 'all' }, 'positions'],
    [{ positions: null }, 'positions'],
    [{ positions: { nonsense: { seq: 0, joinedSeq: 0 } } }, 'positions'],
    [`{"positions":{"__proto__":{"seq":0,"joinedSeq":0}}}`, '__proto__'],
    [at(null), 'positions'],
    [at(1), 'positions'],
    [at([]), 'positions'],
    [at({ seq: 1 }), 'positions'],
    [at({ seq: -1, joinedSeq: 0 }), 'positions'],
    [at({ seq: 0.5, joinedSeq: 0 }), 'positions'],
    [at({ seq: '1', joinedSeq: 0 }), 'positions'],
    [at({ seq: 1e300, joinedSeq: 0 }), 'positions'],
    [at({ seq: 1, joinedSeq: 0, at: 1 }), 'positions'],
    [{ blocksVersion: -1 }, 'blocksVersion'],
    [{ blocksVersion: '0' }, 'blocksVersion'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 201 }, 'limit'],
    [{ limit: '1' }, 'limit'],
    [{ since: 0 }, 'since'],
  ];
  for (const [body, field] of bodies) {
    const answer = await ana.raw('POST', '/v1/sync', { body });
    expect([body, answer.status, answer.errors?.[0]?.field.split('.').at(-1)]).toEqual([body, invalid.status, field]);
  }
  const encoded = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  for (const cursor of [
    'x',
    encoded('y1', ana.id),
    encoded('y1', ana.id, 2),
    encoded('y1', 'x', 0),
    encoded('s1', ana.id, 0),
  ]) {
    await expect(ana.api.sync({ cursor })).rejects.toBeProblem(malformed);
  }
});
