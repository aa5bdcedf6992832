import { expect, it } from '@jest/globals';
import type { Schemas } from '../sdk/src/index.js';
import { messageNotFound, recipientBlockedYou } from '../src/common/problems.js';
import type { Person } from './support/person.js';
import { newWorld, type World } from './support/world.js';

// The effect of a block on every view of messages; its effect on sending is in blocks.spec.ts.

/** Ana has blocked Ben; both are in a group with Cleo, in which all three wrote before the block, between and after it. */
async function groupWithABlock(): Promise<World & { group: Schemas['Group']; hidden: Schemas['Message'] }> {
  const world = await newWorld();
  const { ana, ben, cleo } = world;
  const group = await cleo.createGroup('Trip', ana, ben);
  await cleo.sendTo(group, 'cleo 1');
  await ben.sendTo(group, 'ben 2');
  await ana.block(ben);
  const hidden = await ben.sendTo(group, 'ben 3');
  await ana.sendTo(group, 'ana 4');
  await cleo.sendTo(group, 'cleo 5');
  await ben.sendTo(group, 'ben 6');
  return { ...world, group, hidden };
}

const ALL = ['cleo 1', 'ben 2', 'ben 3', 'ana 4', 'cleo 5', 'ben 6'];
const WITHOUT_BEN = ['cleo 1', 'ana 4', 'cleo 5'];

const textsOf = ({ items }: { items: Schemas['Message'][] }): string[] => items.map(({ text }) => text);

/** The group's messages in every view, oldest first. */
async function everyView(person: Person, { id }: Schemas['Group']): Promise<Record<string, string[]>> {
  const { conversations } = await person.api.sync({});
  const synced = conversations.find(({ conversation }) => conversation.id === id)!.messages;
  const paged = [];
  for (let seq = 1; seq <= 6; seq++) {
    const found = await person.api.getMessage({ id: `${id}.${seq}` }).catch(() => undefined);
    if (found) paged.push(found.text);
  }
  return {
    list: await person.texts(),
    'list of the conversation': await person.texts({ conversation: id }),
    'list of the recipient, in small pages': await person.texts({ recipient: id, limit: 1 }),
    'newest first': (await person.texts({ order: 'newest', limit: 2 })).toReversed(),
    'one by one': paged,
    'window back': textsOf(await person.api.listConversationMessages({ conversation: id })).toReversed(),
    'window on': textsOf(await person.api.listConversationMessages({ conversation: id, afterSeq: 0 })),
    sync: textsOf(synced),
  };
}

const same = (views: Record<string, string[]>, texts: string[]): Record<string, string[]> =>
  Object.fromEntries(Object.keys(views).map((view) => [view, texts]));

it('group messages of a blocked user are hidden from the blocker in every view, old and new, and from nobody else', async () => {
  const { ana, ben, cleo, group } = await groupWithABlock();
  for (const [person, texts] of [
    [ana, WITHOUT_BEN],
    [ben, ALL],
    [cleo, ALL],
  ] as const) {
    const views = await everyView(person, group);
    expect(views).toEqual(same(views, [...texts]));
  }
});

it('group messages of a blocked user are in every view again after an unblock', async () => {
  const { ana, ben, group } = await groupWithABlock();
  await ana.unblock(ben);
  const views = await everyView(ana, group);
  expect(views).toEqual(same(views, ALL));
});

it('filters find no message of a hidden sender', async () => {
  const { ana, ben, cleo, group } = await groupWithABlock();
  expect(await ana.texts({ sender: ben.id })).toEqual([]);
  expect(await ana.texts({ sender: ben.id, conversation: group.id })).toEqual([]);
  expect(await ana.unread()).toEqual(['cleo 1', 'cleo 5']);
  await ana.read(`${group.id}.5`);
  expect(await ana.texts({ read: true })).toEqual(['cleo 1', 'cleo 5']);
  expect(await ana.unread()).toEqual([]);
  expect(await cleo.texts({ sender: ben.id })).toEqual(['ben 2', 'ben 3', 'ben 6']);
});

it('heads count and show no message of a hidden sender, but the log continues', async () => {
  const { ana, ben, cleo, group, hidden } = await groupWithABlock();
  expect(await ana.conversation(group)).toMatchObject({ unread: 2, lastMessage: { text: 'cleo 5' }, lastSeq: 6 });
  await expect(ana.read(hidden)).rejects.toBeProblem(messageNotFound);
  await expect(ana.delivered(hidden)).rejects.toBeProblem(messageNotFound);
  expect(await ana.conversation(group)).toMatchObject({ readSeq: 0, deliveredSeq: 0 });
  await ana.read(`${group.id}.5`);
  await ana.unblock(ben);
  expect(await ana.conversation(group)).toMatchObject({ unread: 1, lastMessage: { text: 'ben 6' }, readSeq: 5 });
  expect(await cleo.conversation(group)).toMatchObject({ unread: 4, lastMessage: { text: 'ben 6' } });
});

it('a group in which only a blocked user wrote has no last message and nothing unread for the blocker', async () => {
  const { ana, ben } = await newWorld();
  const group = await ben.createGroup('Trip', ana);
  await ben.sendTo(group, 'hello');
  await ana.block(ben);
  const head = await ana.conversation(group);
  expect(head).toMatchObject({ unread: 0, lastSeq: 1 });
  expect(head).not.toHaveProperty('lastMessage');
  expect(await ana.texts()).toEqual([]);
});

it('direct messages from before a block stay in every view of both users, also read and unread', async () => {
  const { ana, ben } = await newWorld();
  const first = await ben.sendTo(ana, 'from Ben');
  await ana.sendTo(ben, 'from Ana');
  await ana.block(ben);
  for (const [one, other] of [
    [ana, ben],
    [ben, ana],
  ] as const) {
    expect(await one.texts()).toEqual(['from Ben', 'from Ana']);
    expect(await one.texts({ sender: other.id })).toHaveLength(1);
    const window = await one.api.listConversationMessages({ conversation: other.id, afterSeq: 0 });
    expect(textsOf(window)).toEqual(['from Ben', 'from Ana']);
    expect(await one.conversation(other)).toMatchObject({ unread: 1, lastMessage: { text: 'from Ana' } });
  }
  await ana.read(first);
  expect(await ana.unread()).toEqual([]);
  expect(await ben.api.getMessage(first)).toMatchObject({ read: false }); // Ben does not see it
  await ana.unblock(ben);
  expect(await ben.api.getMessage(first)).toMatchObject({ read: true });
});

it('receipts of direct messages are hidden from both users after a block by either', async () => {
  const { ana, ben } = await newWorld();
  const fromAna = await ana.sendTo(ben, 'from Ana');
  const fromBen = await ben.sendTo(ana, 'from Ben');
  await ben.read(fromBen);
  await ana.read(fromBen);
  const receipts = async (): Promise<number[]> => [
    (await ana.api.listReceipts(fromAna)).items.length,
    (await ben.api.listReceipts(fromBen)).items.length,
  ];
  expect(await receipts()).toEqual([1, 1]);
  await ana.block(ben);
  expect(await receipts()).toEqual([0, 0]);
  expect(await ana.texts({ sender: ana.id, read: true })).toEqual([]);
  expect(await ben.texts({ sender: ben.id, read: false })).toEqual(['from Ben']);
  await ana.unblock(ben);
  expect(await receipts()).toEqual([1, 1]);
  expect(await ana.texts({ sender: ana.id, read: true })).toEqual(['from Ana']);
});

it('a message that a block refuses is not stored and takes no number', async () => {
  const { ana, ben, counts } = await newWorld();
  const first = await ben.sendTo(ana, 'before');
  await ana.block(ben);
  const before = await counts();
  await expect(ben.sendTo(ana, 'during')).rejects.toBeProblem(recipientBlockedYou);
  expect(await counts()).toEqual(before);
  await ana.unblock(ben);
  expect(await ben.sendTo(ana, 'after')).toMatchObject({ seq: first.seq + 1 });
});

it('a block refuses a direct message in a batch like a single send, and no group message', async () => {
  const { ana, ben, group } = await groupWithABlock();
  const { results } = await ben.api.sendMessages({
    messages: [ana.id, group.id, ana.address].map((recipient) => ({ recipient, text: 'again' })),
  });
  expect(results.map(({ status, problem }) => problem?.code ?? status)).toEqual([
    recipientBlockedYou.code,
    201,
    recipientBlockedYou.code,
  ]);
});
