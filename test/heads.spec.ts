import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Schemas } from '../sdk/src/index.js';
import { conversationNotFound, invalid, malformed, userNotFound } from '../src/common/problems.js';
import { fill } from './support/fill.js';
import type { Person } from './support/person.js';
import { Truth, type Log } from './support/truth.js';
import { newWorld } from './support/world.js';

/** The names of a person's heads, in the order of the list. */
async function titles(person: Person): Promise<string[]> {
  const found: string[] = [];
  for await (const { user, group } of person.api.each('listConversations', { limit: 2 })) {
    found.push(user?.displayName ?? group!.name);
  }
  return found;
}

it('a direct head has the other user, the last message, and the markers of both', async () => {
  const { ana, ben } = await newWorld();
  await ben.sendTo(ana, 'one');
  const two = await ben.sendTo(ana, 'two');
  const three = await ana.sendTo(ben, 'three');
  await ana.delivered(two);
  await ana.read(`${two.conversationId}.1`);
  await ben.read(three);
  const head = {
    id: two.conversationId,
    kind: 'direct',
    user: { id: ben.id, username: ben.username, displayName: 'Ben', deleted: false },
    lastMessage: { ...three, read: true },
    lastSeq: 3,
    joinedSeq: 0,
    readSeq: 1,
    deliveredSeq: 2,
    unread: 1,
    peerReadSeq: 3,
    peerDeliveredSeq: 3,
  };
  expect(await ana.conversation(ben)).toEqual(head);
  expect(await ana.conversation(two.conversationId)).toEqual(head);
  expect(await ana.api.listConversations()).toEqual({ items: [head] });
});

it('the head of a group names it and counts its members', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const first = await ben.sendTo(group, 'hello');
  await ana.add(group, cleo);
  expect(await ana.conversation(group)).toEqual({
    id: group.id,
    kind: 'group',
    group: { id: group.id, name: 'Trip', memberCount: 3 },
    lastMessage: first,
    lastSeq: 1,
    joinedSeq: 0,
    readSeq: 0,
    deliveredSeq: 0,
    unread: 1,
  });
  const seenByCleo = await cleo.conversation(group);
  expect(seenByCleo).toMatchObject({ lastSeq: 1, joinedSeq: 1, readSeq: 1, deliveredSeq: 1, unread: 0 });
  expect(seenByCleo).not.toHaveProperty('lastMessage'); // from before she joined
});

it('heads are in the order of their last message, a group without messages by its creation', async () => {
  const { ana, ben, cleo, dan } = await newWorld();
  await ana.sendTo(ben, 'first');
  await ana.createGroup('Quiet', ben);
  await cleo.sendTo(ana, 'second');
  await dan.sendTo(ana, 'third');
  expect(await titles(ana)).toEqual(['Dan', 'Cleo', 'Quiet', 'Ben']);
  await ben.sendTo(ana, 'fourth');
  expect(await titles(ana)).toEqual(['Ben', 'Dan', 'Cleo', 'Quiet']);
  expect(await titles(ben)).toEqual(['Ana', 'Quiet']);
});

it('a direct conversation without messages has no head, a group has one', async () => {
  const { ana, ben } = await newWorld();
  await ben.block(ana);
  await ana.sendTo(ben, 'refused').catch(() => {});
  const group = await ben.createGroup('Trip');
  expect(await titles(ana)).toEqual([]);
  expect(await titles(ben)).toEqual(['Trip']);
  await expect(ana.conversation(ben)).rejects.toBeProblem(conversationNotFound);
  await expect(ana.conversation(group)).rejects.toBeProblem(conversationNotFound);
  await expect(ana.conversation(randomUUID())).rejects.toBeProblem(conversationNotFound);
  await expect(ana.conversation('@nobody.at.all')).rejects.toBeProblem(userNotFound);
});

it('a block hides markers from both users, and group messages from the blocker', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await cleo.createGroup('Trip', ana, ben);
  await ben.read(await ana.sendTo(ben, 'hello'));
  const fromCleo = await cleo.sendTo(group, 'from Cleo');
  await ben.sendTo(group, 'from Ben');
  expect(await ana.conversation(group)).toMatchObject({ unread: 2, lastMessage: { text: 'from Ben' } });
  await ana.block(ben);
  expect(await ana.conversation(group)).toMatchObject({ unread: 1, lastMessage: fromCleo, lastSeq: 2 });
  for (const [one, other] of [
    [ana, ben],
    [ben, ana],
  ] as const) {
    const head = await one.conversation(other);
    expect(head).toMatchObject({ lastMessage: { text: 'hello' } });
    expect(head).not.toHaveProperty('peerReadSeq');
    expect(head).not.toHaveProperty('peerDeliveredSeq');
  }
  expect(await ben.conversation(group)).toMatchObject({ unread: 1, lastMessage: { text: 'from Ben' } });
  await ana.unblock(ben);
  expect(await ana.conversation(ben)).toMatchObject({ peerReadSeq: 1, peerDeliveredSeq: 1 });
  expect(await ana.conversation(group)).toMatchObject({ unread: 2, lastMessage: { text: 'from Ben' } });
});

it('a head looks for its last message among the newest 100, and counts unread ones among the first 1,000', async () => {
  const { ana, ben, cleo, server } = await newWorld();
  const truth = new Truth();
  const at = (seq: number): string => new Date(Date.UTC(2026, 0, 1) + seq).toISOString();
  /** Written by Ben but for the numbers that Cleo wrote; Ana has read up to `readSeq`. */
  const log = (length: number, byCleo: readonly number[], readSeq: number): Log => {
    const messages = Array.from({ length }, (_, i) => {
      const seq = i + 1;
      return { seq, senderId: byCleo.includes(seq) ? cleo.id : ben.id, text: `${seq}`, sentAt: at(seq) };
    });
    const members = new Map([[ana.id, { joinedSeq: 0, deliveredSeq: readSeq, readSeq }]]);
    return { id: randomUUID(), messages, members };
  };
  const justFound = log(150, [51], 0);
  const tooFar = log(150, [50], 0);
  const many = log(1300, [1, 2, 3, 1001, 1010, 1011, 1300], 10);
  for (const one of [justFound, tooFar, many]) truth.logs.set(one.id, one);
  truth.blocks.add(`${ana.id} ${ben.id}`);
  await fill(server, truth);

  const head = async (of: Log): Promise<Pick<Schemas['Conversation'], 'unread'> & { last?: string }> => {
    const { unread, lastMessage } = await ana.conversation(of);
    return { unread, ...(lastMessage && { last: lastMessage.text }) };
  };
  expect(await head(justFound)).toEqual({ unread: 1, last: '51' });
  expect(await head(tooFar)).toEqual({ unread: 1 });
  expect(await head(many)).toEqual({ unread: 2, last: '1300' }); // 1001 and 1010: what Ben wrote takes its place
  await ana.unblock(ben);
  expect(await head(many)).toEqual({ unread: 1000, last: '1300' });
  expect(await head(tooFar)).toEqual({ unread: 150, last: '150' });
});

it('heads come in pages, each once, also if many have the same time', async () => {
  const { ana, ben, crowd, server } = await newWorld();
  const truth = new Truth();
  for (const [i, other] of (await crowd(30)).entries()) {
    const place = { joinedSeq: 0, deliveredSeq: 0, readSeq: 0 };
    const sentAt = new Date(Date.UTC(2026, 0, 1) + (i % 3)).toISOString();
    truth.logs.set(other, {
      id: randomUUID(),
      ends: [ana.id, other],
      messages: [{ seq: 1, senderId: other, text: 'hello', sentAt }],
      members: new Map([ana.id, other].map((id) => [id, { ...place }])),
    });
  }
  await fill(server, truth);
  const expected = [...truth.logs.values()]
    .map(({ id, messages }) => `${messages[0]!.sentAt} ${id}`)
    .toSorted()
    .toReversed();
  for (const limit of [1, 7, 10, 30, 200]) {
    const found = [];
    for await (const head of ana.api.each('listConversations', { limit })) {
      found.push(`${head.lastMessage!.sentAt} ${head.id}`);
    }
    expect(found).toEqual(expected);
  }
  const { next } = await ana.api.listConversations({ limit: 1 });
  expect((await ana.api.listConversations({ limit: 30 })).next).toBeUndefined();
  await ben.sendTo(ana, 'something new');
  expect((await ana.api.listConversations({ cursor: next! })).items).toHaveLength(29);
});

it('a cursor that the list of heads did not give out is malformed, and a limit out of range is invalid', async () => {
  const { ana } = await newWorld();
  const encoded = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const at = '2026-01-01T00:00:00.000Z';
  const cursors = [
    'x',
    encoded('m1', at, ana.id, 1),
    encoded('c1', 'infinity', ana.id),
    encoded('c1', '2026', ana.id),
    encoded('c1', '2026-02-30T00:00:00.000Z', ana.id),
    encoded('c1', at, [ana.id]),
    encoded('c1', at, ana.id, 1),
    encoded('c1', at),
  ];
  for (const cursor of cursors) {
    await expect(ana.api.listConversations({ cursor })).rejects.toBeProblem(malformed);
  }
  for (const limit of [0, 201]) {
    await expect(ana.api.listConversations({ limit })).rejects.toBeProblem(invalid, 'limit');
  }
});
