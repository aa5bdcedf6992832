import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Input } from '../sdk/src/index.js';
import { conversationNotFound, invalid, userNotFound } from '../src/common/problems.js';
import type { Person } from './support/person.js';
import { newWorld } from './support/world.js';

type Query = Omit<Input<'listConversationMessages'>, 'conversation'>;

/** The texts of a window, and its afterSeq and toSeq. */
async function look(person: Person, conversation: string, query: Query = {}): Promise<object> {
  const { items, ...stretch } = await person.api.listConversationMessages({ conversation, ...query });
  return { seqs: items.map(({ seq }) => seq), ...stretch };
}

async function sendMany(from: Person, to: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, i) => ({ recipient: to, text: `${i + 1}` }));
  await from.api.sendMessages({ messages });
}

it('a window without a number begins at the end and goes back, newest first', async () => {
  const { ana, ben } = await newWorld();
  await sendMany(ana, ben.id, 5);
  expect(await look(ben, ana.id)).toEqual({ seqs: [5, 4, 3, 2, 1], afterSeq: 0, toSeq: 5, more: false });
  expect(await look(ben, ana.id, { limit: 2 })).toEqual({ seqs: [5, 4], afterSeq: 3, toSeq: 5, more: true });
  expect(await look(ben, ana.id, { limit: 2, beforeSeq: 4 })).toEqual({
    seqs: [3, 2],
    afterSeq: 1,
    toSeq: 3,
    more: true,
  });
  expect(await look(ben, ana.id, { limit: 2, beforeSeq: 3 })).toEqual({
    seqs: [2, 1],
    afterSeq: 0,
    toSeq: 2,
    more: false,
  });
  expect(await look(ben, ana.id, { beforeSeq: 1 })).toEqual({ seqs: [], afterSeq: 0, toSeq: 0, more: false });
  expect(await look(ben, ana.id, { limit: 1, beforeSeq: 1000 })).toEqual({
    seqs: [5],
    afterSeq: 4,
    toSeq: 5,
    more: true,
  });
});

it('a window after a number goes on, oldest first', async () => {
  const { ana, ben } = await newWorld();
  await sendMany(ana, ben.id, 5);
  expect(await look(ben, ana.id, { afterSeq: 0 })).toEqual({
    seqs: [1, 2, 3, 4, 5],
    afterSeq: 0,
    toSeq: 5,
    more: false,
  });
  expect(await look(ben, ana.id, { afterSeq: 1, limit: 2 })).toEqual({
    seqs: [2, 3],
    afterSeq: 1,
    toSeq: 3,
    more: true,
  });
  expect(await look(ben, ana.id, { afterSeq: 3, limit: 2 })).toEqual({
    seqs: [4, 5],
    afterSeq: 3,
    toSeq: 5,
    more: false,
  });
  expect(await look(ben, ana.id, { afterSeq: 5 })).toEqual({ seqs: [], afterSeq: 5, toSeq: 5, more: false });
  expect(await look(ben, ana.id, { afterSeq: 9 })).toEqual({ seqs: [], afterSeq: 9, toSeq: 9, more: false });
});

it('a window looks at hidden messages, says so, and continues after them', async () => {
  const { ana, ben, cleo } = await newWorld();
  const { id } = await ana.createGroup('Trip', ben, cleo);
  await sendMany(cleo, id, 1);
  await sendMany(ben, id, 5);
  await sendMany(cleo, id, 1);
  await ana.block(ben);
  expect(await look(ana, id)).toEqual({ seqs: [7, 1], afterSeq: 0, toSeq: 7, more: false });
  expect(await look(ana, id, { limit: 2 })).toEqual({ seqs: [7], afterSeq: 5, toSeq: 7, more: true });
  expect(await look(ana, id, { limit: 2, beforeSeq: 6 })).toEqual({ seqs: [], afterSeq: 3, toSeq: 5, more: true });
  expect(await look(ana, id, { limit: 3, afterSeq: 1 })).toEqual({ seqs: [], afterSeq: 1, toSeq: 4, more: true });
  expect(await look(ana, id, { limit: 3, afterSeq: 4 })).toEqual({ seqs: [7], afterSeq: 4, toSeq: 7, more: false });
  expect(await look(cleo, id, { limit: 2 })).toEqual({ seqs: [7, 6], afterSeq: 5, toSeq: 7, more: true });
});

it('a window does not reach back before the caller joined', async () => {
  const { ana, ben } = await newWorld();
  const { id } = await ana.createGroup('Trip');
  await sendMany(ana, id, 4);
  await ana.add(id, ben);
  expect(await look(ben, id)).toEqual({ seqs: [], afterSeq: 4, toSeq: 4, more: false });
  await sendMany(ana, id, 3);
  expect(await look(ben, id)).toEqual({ seqs: [7, 6, 5], afterSeq: 4, toSeq: 7, more: false });
  expect(await look(ben, id, { limit: 3 })).toEqual({ seqs: [7, 6, 5], afterSeq: 4, toSeq: 7, more: false });
  expect(await look(ben, id, { limit: 2 })).toEqual({ seqs: [7, 6], afterSeq: 5, toSeq: 7, more: true });
  expect(await look(ben, id, { beforeSeq: 3 })).toEqual({ seqs: [], afterSeq: 4, toSeq: 4, more: false });
  expect(await look(ben, id, { afterSeq: 1, limit: 2 })).toEqual({ seqs: [5, 6], afterSeq: 1, toSeq: 6, more: true });
  await ben.leave(id);
  await expect(look(ben, id)).rejects.toBeProblem(conversationNotFound);
  await sendMany(ana, id, 1);
  await ana.add(id, ben);
  expect(await look(ben, id, { afterSeq: 0 })).toEqual({ seqs: [], afterSeq: 0, toSeq: 8, more: false });
});

it("a conversation is named by its id or the other user's address, and only by its members", async () => {
  const { ana, ben, cleo, stranger, app } = await newWorld();
  const { conversationId } = await ana.sendTo(ben, 'hello');
  const group = await ana.createGroup('Trip', ben);
  const whole = { seqs: [1], afterSeq: 0, toSeq: 1, more: false };
  for (const name of [conversationId, conversationId.toUpperCase(), ben.id, ben.address, ben.address.toUpperCase()]) {
    expect(await look(ana, name)).toEqual(whole);
  }
  expect((await ana.raw('GET', `/v1/conversations/${ben.address}/messages`)).status).toBe(200); // @ as it is, too
  for (const name of [conversationId, group.id, randomUUID(), ana.id]) {
    await expect(look(stranger, name)).rejects.toBeProblem(conversationNotFound);
  }
  await expect(look(ana, cleo.id)).rejects.toBeProblem(conversationNotFound); // nothing said yet
  await expect(look(ana, '@nobody.at.all')).rejects.toBeProblem(userNotFound);
  await expect(look(ana, 'nonsense')).rejects.toBeProblem(userNotFound);
  await app.removeUser({ address: ben.id });
  expect(await look(ana, ben.id)).toEqual(whole);
  await expect(look(ana, ben.address)).rejects.toBeProblem(userNotFound);
});

it('a window goes one way, from a number, with a limit in range', async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'hello');
  const refused: [query: string, field: string][] = [
    ['beforeSeq=2&afterSeq=0', 'afterSeq'],
    ['beforeSeq=0', 'beforeSeq'],
    ['beforeSeq=x', 'beforeSeq'],
    ['afterSeq=-1', 'afterSeq'],
    ['afterSeq=0.5', 'afterSeq'],
    ['afterSeq=', 'afterSeq'],
    ['afterSeq=0x1', 'afterSeq'],
    ['afterSeq=1e1', 'afterSeq'],
    ['afterSeq=1&afterSeq=2', 'afterSeq'],
    ['afterSeq=99999999999999999999', 'afterSeq'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['cursor=x', 'cursor'],
  ];
  for (const [query, field] of refused) {
    expect(await ana.raw('GET', `/v1/conversations/${ben.id}/messages?${query}`)).toBeProblem(invalid, field);
  }
});
