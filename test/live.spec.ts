import { expect, it } from '@jest/globals';
import type { Schemas } from '../sdk/src/index.js';
import { recipientBlockedYou, recipientNotFound } from '../src/common/problems.js';
import type { LiveClient, Positions } from './support/live-client.js';
import { newWorld } from './support/world.js';
import { caughtUp } from './support/caught-up.js';

const at = ({ id, joinedSeq }: Schemas['Conversation'], seq: number): Positions => ({ [id]: { seq, joinedSeq } });

const messages = (socket: LiveClient): [string, number][] =>
  socket.rest('message').map(({ message, afterSeq }) => [message.text, afterSeq]);

it('a client that was away gets exactly the messages it missed, of every conversation in order, and then ready', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Rowing', ben);
  await ana.sendTo(ben, 'one');
  const two = await ana.sendTo(ben, 'two');
  await ben.delivered(two);
  await ana.sendTo(ben, 'three');
  await cleo.sendTo(ben, 'from Cleo');
  await ana.sendTo(group, 'to all');
  const socket = await caughtUp(ben);
  expect(new Map(messages(socket))).toEqual(
    new Map([
      ['from Cleo', 0],
      ['three', 2],
      ['to all', 0],
    ]),
  );
  const last = socket.received.at(-1);
  expect(last).toEqual({ type: 'ready', userId: ben.id, blocksVersion: 0 });
});

it('a connected client gets a message at once, with its sender’s name, equal to the listed one', async () => {
  const { ana, ben } = await newWorld();
  const socket = await caughtUp(ben);
  const sent = await ana.sendTo(ben, 'hello');
  const { message, afterSeq } = await socket.next('message');
  expect(afterSeq).toBe(0);
  expect(message.sender).toMatchObject({ id: ana.id, username: ana.username, displayName: 'Ana' });
  expect(message).toEqual(await ben.api.getMessage({ id: sent.id }));
});

it('a client gets the head of a new direct conversation before its first message', async () => {
  const { ana, ben } = await newWorld();
  const [his, hers] = [await caughtUp(ben), await caughtUp(ana)];
  await ana.sendTo(ben, 'hello');
  for (const [socket, me, other] of [
    [his, ben, ana],
    [hers, ana, ben],
  ] as const) {
    await socket.next('message');
    const joined = await socket.next('conversation');
    expect(joined).toMatchObject({ change: 'joined', user: { id: me.id } });
    expect(joined.conversation).toMatchObject({ kind: 'direct', user: { id: other.id }, joinedSeq: 0 });
    const received = socket.received.map(({ type }) => type).filter((type) => type !== 'ready'); // sent again after a resync
    expect(received).toEqual(['conversation', 'message']);
  }
});

it("a sender's own messages come in order, on every device, with their clientMessageId; each gets a reply with its outcome", async () => {
  const { ana, ben } = await newWorld();
  const [phone, laptop, his] = [await caughtUp(ana), await caughtUp(ana), await caughtUp(ben)];
  const clientMessageId = '0193f0e8-7b1a-4c3e-9f52-6a1d2c3b4e5f';
  const reply = await phone.send(ben, 'from my phone', clientMessageId);
  expect(reply).toMatchObject({ status: 201, message: { text: 'from my phone', clientMessageId } });
  for (const socket of [phone, laptop]) {
    expect((await socket.next('message')).message).toEqual(reply.message);
  }
  expect((await his.next('message')).message).not.toHaveProperty('clientMessageId');
  expect(await laptop.send(ben, 'from my phone', clientMessageId)).toMatchObject({ status: 200 });
  expect(await laptop.send(ben, 'another', clientMessageId)).toMatchObject({
    status: 409,
    problem: { code: 'client-message-id-reused' },
  });
  expect(await phone.send('@nobody.at.all', 'hello')).toMatchObject({
    status: 404,
    problem: { code: recipientNotFound.code },
  });
  await ben.block(ana);
  expect(await phone.send(ben, 'hello?')).toMatchObject({ status: 403, problem: { code: recipientBlockedYou.code } });
  await laptop.pong();
  expect(messages(laptop)).toEqual([]);
});

it('sends of one socket keep their order, and 200 of them at once are all stored', async () => {
  const { ana, ben } = await newWorld();
  const [hers, his] = [await caughtUp(ana), await caughtUp(ben)];
  const texts = Array.from({ length: 200 }, (_, i) => `number ${i}`);
  texts.forEach((text, i) => hers.sendFrame({ type: 'send', ref: String(i), recipient: ben.id, text }));
  expect(await his.texts(200)).toEqual(texts);
  for (const [i] of texts.entries()) {
    expect(await hers.next('reply', ({ ref }) => ref === String(i))).toMatchObject({ status: 201 });
  }
});

it('a resume continues after a position; one that does not fit its conversation starts it again', async () => {
  const { ana, ben, cleo } = await newWorld();
  for (const text of ['one', 'two', 'three']) await ana.sendTo(ben, text);
  const head = await ben.conversation(ana);
  const tell = async (positions: Positions): Promise<LiveClient> => caughtUp(ben, { positions });
  expect(messages(await tell(at(head, 1)))).toEqual([
    ['two', 1],
    ['three', 2],
  ]);
  expect(messages(await tell(at(head, 3)))).toEqual([]);

  for (const misfit of [at(head, 4), { [head.id]: { seq: 2, joinedSeq: 1 } }]) {
    const socket = await tell(misfit);
    const [first] = socket.received;
    expect(first).toMatchObject({ type: 'conversation', change: 'joined', conversation: { id: head.id, lastSeq: 3 } });
    expect(messages(socket)).toEqual([
      ['one', 0],
      ['two', 1],
      ['three', 2],
    ]);
  }

  const strange = await cleo.createGroup('Not Ben’s');
  const left = await ana.createGroup('Rowing', ben);
  await ben.leave(left);
  for (const { id } of [strange, left]) {
    const socket = await tell({ ...at(head, 3), [id]: { seq: 0, joinedSeq: 0 } });
    expect(socket.received).toMatchObject([
      { change: 'left', conversationId: id, user: { id: ben.id } },
      { type: 'ready' },
    ]);
  }
});

it('a resume without a backlog begins at the head', async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'one');
  const socket = await caughtUp(ben, { backlog: false });
  expect(messages(socket)).toEqual([]);
  await ana.sendTo(ben, 'two');
  await socket.next('message');
  expect(socket.received.at(-1)).toMatchObject({ afterSeq: 1, message: { text: 'two' } });
});

it('of more than 200 undelivered messages the newest 200 come, and afterSeq says where they begin', async () => {
  const { ana, ben } = await newWorld();
  const texts = Array.from({ length: 230 }, (_, i) => `number ${i + 1}`);
  await ana.api.sendMessages({ messages: texts.map((text) => ({ recipient: ben.id, text })) });
  const socket = await caughtUp(ben);
  expect(messages(socket).map(([text]) => text)).toEqual(texts.slice(30));
  expect(messages(socket)[0]![1]).toBe(30);
  const positioned = await caughtUp(ben, { positions: at(await ben.conversation(ana), 0) });
  expect(messages(positioned).map(([text]) => text)).toEqual(texts);
});

it('delivered frames move the marker within a second, and the same backlog does not come again', async () => {
  const { ana, ben } = await newWorld();
  const [first, second] = [await ana.sendTo(ben, 'one'), await ana.sendTo(ben, 'two')];
  const [his, hers] = [await caughtUp(ben), await caughtUp(ana)];
  his.delivered(second);
  his.delivered(first);
  const { deliveredSeq, readSeq, userId } = await hers.next('receipt');
  expect({ deliveredSeq, readSeq, userId }).toEqual({ deliveredSeq: 2, readSeq: 0, userId: ben.id });
  expect(messages(await caughtUp(ben))).toEqual([]);
  his.delivered({ id: `${first.conversationId}.3` });
  expect((await his.next('problem')).problem.code).toBe('message-not-found');
  expect(hers.rest('receipt')).toEqual([]);
});

it("a read marker reaches the other users, and the reader's own devices", async () => {
  const { ana, ben } = await newWorld();
  const sent = await ana.sendTo(ben, 'hello');
  const [phone, laptop, hers] = [await caughtUp(ben), await caughtUp(ben), await caughtUp(ana)];
  phone.read(sent);
  for (const socket of [hers, laptop, phone]) {
    expect(await socket.next('receipt')).toMatchObject({
      conversationId: sent.conversationId,
      userId: ben.id,
      deliveredSeq: 1,
      readSeq: 1,
    });
  }
  phone.read({ id: `${sent.conversationId}.2` });
  expect((await phone.next('problem')).problem.code).toBe('message-not-found');
});

it('typing reaches the other users, not the typist, and at most once a second', async () => {
  const { ana, ben, stranger } = await newWorld();
  const { conversationId } = await ana.sendTo(ben, 'hello');
  const [his, hers, another] = [await caughtUp(ben), await caughtUp(ana), await caughtUp(stranger)];
  for (let i = 0; i < 3; i++) his.sendFrame({ type: 'typing', conversationId });
  expect(await hers.next('typing')).toEqual({ type: 'typing', conversationId, userId: ben.id });
  await his.pong();
  await hers.pong();
  expect([...hers.rest('typing'), ...his.rest('typing')]).toEqual([]);
  another.sendFrame({ type: 'typing', conversationId });
  expect((await another.next('problem')).problem.code).toBe('conversation-not-found');
});

it("in groups of more than 100 members receipts reach the reader's own devices only, and typing nobody", async () => {
  const { ana, ben, crowd } = await newWorld();
  const group = await ana.createGroup('Everybody', ben, ...(await crowd(98)));
  const sent = await ana.sendTo(group, 'hello');
  const [phone, laptop, hers] = [await caughtUp(ben), await caughtUp(ben), await caughtUp(ana)];
  phone.sendFrame({ type: 'typing', conversationId: group.id });
  expect(await hers.next('typing')).toMatchObject({ userId: ben.id });
  phone.read(sent);
  await hers.next('receipt');
  await laptop.next('receipt');

  await ana.add(group, (await crowd(1))[0]!);
  const second = await ana.sendTo(group, 'now we are 101');
  await phone.next('message', ({ message }) => message.id === second.id);
  phone.read(second);
  expect(await laptop.next('receipt')).toMatchObject({ readSeq: 2, userId: ben.id });
  await hers.pong();
  expect([...hers.rest('receipt'), ...hers.rest('typing')]).toEqual([]);
});
