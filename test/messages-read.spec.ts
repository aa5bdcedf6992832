import { expect, it } from '@jest/globals';
import { messageNotFound } from '../src/common/problems.js';
import type { Addressable, Person } from './support/person.js';
import { newWorld } from './support/world.js';

/** The caller's joinedSeq, deliveredSeq and readSeq. */
async function markers(person: Person, conversation: Addressable): Promise<[number, number, number]> {
  const { joinedSeq, deliveredSeq, readSeq } = await person.conversation(conversation);
  return [joinedSeq, deliveredSeq, readSeq];
}

/** `read` of every message that the caller can list, oldest first. */
const reads = async (person: Person): Promise<boolean[]> => (await person.messages()).map(({ read }) => read);

it('reading a message reads and delivers everything before it, and nothing after it', async () => {
  const { ana, ben } = await newWorld();
  for (const text of ['one', 'two', 'three']) await ana.sendTo(ben, text);
  const [, two] = await ben.messages();
  await ben.read(two!);
  expect(await markers(ben, ana)).toEqual([0, 2, 2]);
  expect(await reads(ben)).toEqual([true, true, false]);
  expect(await reads(ana)).toEqual([true, true, false]);
  expect(await ben.unread()).toEqual(['three']);
  expect(await ana.texts({ sender: ana.id, read: false })).toEqual(['three']);
  expect(await ana.conversation(ben)).toMatchObject({ peerReadSeq: 2, peerDeliveredSeq: 2, readSeq: 0 });
});

it('a delivered message is not read', async () => {
  const { ana, ben } = await newWorld();
  const message = await ana.sendTo(ben, 'hello');
  await ben.delivered(message);
  expect(await markers(ben, ana)).toEqual([0, 1, 0]);
  expect(await reads(ana)).toEqual([false]);
  expect(await ben.unread()).toEqual(['hello']);
});

it('a marker only goes forward, and only by its own call', async () => {
  const { ana, ben } = await newWorld();
  const [one, two, three] = [
    await ana.sendTo(ben, 'one'),
    await ana.sendTo(ben, 'two'),
    await ana.sendTo(ben, 'three'),
  ];
  await ben.delivered(three);
  await ben.delivered(one);
  expect(await markers(ben, ana)).toEqual([0, 3, 0]);
  await ben.read(two);
  expect(await markers(ben, ana)).toEqual([0, 3, 2]);
  await ben.read(one);
  await ben.read(two);
  expect(await markers(ben, ana)).toEqual([0, 3, 2]);
  const four = await ana.sendTo(ben, 'four');
  await ben.delivered(four);
  expect(await markers(ben, ana)).toEqual([0, 4, 2]);
  await expect(ben.read(`${one.conversationId}.5`)).rejects.toBeProblem(messageNotFound);
  expect(await markers(ben, ana)).toEqual([0, 4, 2]);
});

it('neither reading lists nor sending moves a marker', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const message = await ana.sendTo(ben, 'hello');
  await ana.sendTo(group, 'hello all');
  const rows = async (): Promise<unknown> => [await markers(ben, ana), await markers(ben, group)];
  await ben.messages();
  await ben.unread();
  await ben.api.getMessage(message);
  await ben.api.listConversations();
  await ben.api.listConversationMessages({ conversation: group.id });
  await ben.api.listConversationMessages({ conversation: ana.id, afterSeq: 0 });
  await ben.api.sync({});
  await ben.sendTo(ana, 'an answer');
  await ben.sendTo(group, 'an answer to all');
  expect(await rows()).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(await reads(ana)).toEqual([false, false, false, false]);
  expect(await markers(ana, ben)).toEqual([0, 0, 0]);
});

it("a user's own messages are never unread, and read only after the other user has read them", async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'hello');
  const answer = await ben.sendTo(ana, 'hi');
  expect(await ana.conversation(ben)).toMatchObject({ unread: 1 });
  expect(await ben.conversation(ana)).toMatchObject({ unread: 1 });
  await ana.read(answer);
  expect(await ana.unread()).toEqual([]);
  expect(await ana.messages()).toMatchObject([
    { text: 'hello', read: false },
    { text: 'hi', read: true },
  ]);
  expect(await ben.messages()).toMatchObject([
    { text: 'hello', read: false },
    { text: 'hi', read: true },
  ]);
});

it('a sender who marks their own message moves their own marker only', async () => {
  const { ana, ben } = await newWorld();
  await ben.sendTo(ana, 'hello');
  const mine = await ana.sendTo(ben, 'hi');
  await ana.read(mine);
  expect(await ana.unread()).toEqual([]);
  expect((await ana.messages()).map(({ read }) => read)).toEqual([true, false]);
});

it('a group message is read for its sender when every other member from before it has read it', async () => {
  const { ana, ben, cleo, dan } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo);
  const early = await ana.sendTo(group, 'early');
  await ana.add(group, dan);
  const late = await ana.sendTo(group, 'late');
  const isRead = async (): Promise<boolean[]> => [
    (await ana.api.getMessage(early)).read,
    (await ana.api.getMessage(late)).read,
  ];

  await ben.read(late);
  expect(await isRead()).toEqual([false, false]);
  await cleo.read(late);
  expect(await isRead()).toEqual([true, false]); // Dan joined after the first
  await dan.read(late);
  expect(await isRead()).toEqual([true, true]);
  expect(await ana.texts({ sender: ana.id, read: true })).toEqual(['early', 'late']);
});

it('a member who leaves no longer counts for read, and one who comes back counts for later messages', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo);
  const first = await ana.sendTo(group, 'first');
  await ben.read(first);
  expect((await ana.api.getMessage(first)).read).toBe(false);
  await cleo.leave(group);
  expect((await ana.api.getMessage(first)).read).toBe(true);
  await ana.add(group, cleo);
  expect((await ana.api.getMessage(first)).read).toBe(true);
  const second = await ana.sendTo(group, 'second');
  await ben.read(second);
  expect((await ana.api.getMessage(second)).read).toBe(false);
  expect(await cleo.unread()).toEqual(['second']);
});

it('a message in a group without other members is not read', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Alone');
  const message = await ana.sendTo(group, 'anyone?');
  expect((await ana.api.getMessage(message)).read).toBe(false);
  await ana.add(group, ben);
  await ben.read(await ana.sendTo(group, 'you!'));
  expect(await ana.texts({ sender: ana.id, read: false })).toEqual(['anyone?']);
  expect(await ana.texts({ sender: ana.id, read: true })).toEqual(['you!']);
});

it('unread messages of a direct conversation stay when the other user is removed', async () => {
  const { ana, ben, app } = await newWorld();
  await ana.sendTo(ben, 'one');
  await ben.sendTo(ana, 'two');
  await app.removeUser({ address: ana.id });
  expect(await ben.unread()).toEqual(['one']);
  const mine = (await ben.messages({ sender: ben.id }))[0]!;
  expect(mine.read).toBe(false); // no other member is left
});
