import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Schemas } from '../sdk/src/index.js';
import { Person, type Addressable } from './support/person.js';
import { outcomes, times } from './support/races.js';
import { startServer } from './support/server.js';
import { newWorld } from './support/world.js';

const MANY = 50;

/** Sends one message with one clientMessageId concurrently. @returns the count of each status, and the returned ids */
async function sendAtOnce(
  from: Person,
  to: Addressable,
  clientMessageId: string,
): Promise<{ statuses: Record<number, number>; ids: Set<string> }> {
  const recipient = typeof to === 'string' ? to : to.id;
  const body = { recipient, text: 'once', clientMessageId };
  const answers = await Promise.all(times(MANY, () => from.raw('POST', '/v1/messages', { body })));
  const statuses: Record<number, number> = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return { statuses, ids: new Set(answers.map(({ text }) => (JSON.parse(text) as Schemas['Message']).id)) };
}

const numbers = (messages: readonly { seq: number }[]): number[] => messages.map(({ seq }) => seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

it('of 50 concurrent sends with one clientMessageId, one is stored and 49 repeat it', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  await ana.sendTo(ben, 'before');
  for (const to of [ben, group]) {
    const { statuses, ids } = await sendAtOnce(ana, to, randomUUID());
    expect(statuses).toEqual({ 200: MANY - 1, 201: 1 });
    expect(ids.size).toBe(1);
  }
  expect(await ben.texts()).toEqual(['before', 'once', 'once']);
});

it('of 50 concurrent first messages of a pair with one clientMessageId, one is stored and 49 repeat it', async () => {
  const { ana, ben } = await newWorld();
  const { statuses, ids } = await sendAtOnce(ana, ben, randomUUID());
  expect(statuses).toEqual({ 200: MANY - 1, 201: 1 });
  expect(ids.size).toBe(1);
  expect(await ben.texts()).toEqual(['once']);
});

it('of 50 concurrent sends with one clientMessageId on two servers, one is stored and 49 repeat it', async () => {
  const { ana, ben, server } = await newWorld();
  await ana.sendTo(ben, 'before');
  const copy = await startServer({ databaseUrl: server.settings.databaseUrl });
  const elsewhere = new Person(ana, ana.api.with({ baseUrl: copy.url }), copy.url);
  for (let round = 0; round < 5; round++) {
    const id = randomUUID();
    const both = await Promise.all([sendAtOnce(ana, ben, id), sendAtOnce(elsewhere, ben, id)]);
    const count = (status: number): number => both.reduce((sum, { statuses }) => sum + (statuses[status] ?? 0), 0);
    expect([count(201), count(200)]).toEqual([1, 2 * MANY - 1]);
    expect(new Set(both.flatMap(({ ids }) => [...ids])).size).toBe(1);
  }
  expect(await ben.texts()).toEqual(['before', ...Array<string>(5).fill('once')]);
});

it('of 50 concurrent texts with one clientMessageId, one is stored and 49 are refused', async () => {
  const { ana, ben } = await newWorld();
  const id = randomUUID();
  const sent = times(MANY, (i) => ana.sendTo(ben, `${i}`, id));
  expect(await outcomes(sent)).toEqual({ done: 1, 'client-message-id-reused': MANY - 1 });
  expect(await ben.texts()).toHaveLength(1);
});

it('concurrent messages of many senders get the numbers 1, 2, 3, … without a gap', async () => {
  const { ana, ben, cleo, dan } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo, dan);
  const senders = [ana, ben, cleo, dan];
  const sent = await Promise.all(times(MANY, (i) => senders[i % 4]!.sendTo(group, `${i}`)));
  expect(numbers(sent).toSorted((a, b) => a - b)).toEqual(upTo(MANY));
  const log = await dan.messages({ conversation: group.id });
  expect(numbers(log)).toEqual(upTo(MANY));
  expect(log.map(({ text }) => text).toSorted()).toEqual(
    upTo(MANY)
      .map((n) => `${n - 1}`)
      .toSorted(),
  );
  const sentAts = log.map(({ sentAt }) => sentAt);
  expect(sentAts).toEqual(sentAts.toSorted());
});

it('numbers have no gap if some of many concurrent sends are refused or repeated', async () => {
  const { ana, ben, cleo } = await newWorld();
  const { conversationId } = await ana.sendTo(ben, 'before');
  const id = randomUUID();
  const sends: ((i: number) => Promise<unknown>)[] = [
    (i) => ana.sendTo(ben, `${i}`),
    () => ana.sendTo(ben, 'again', id),
    (i) => ben.sendTo(ana, `${i}`),
    () => cleo.sendTo(conversationId, 'not mine'),
    (i) => ana.sendTo(ben, `other ${i}`, id),
  ];
  await Promise.allSettled(times(MANY, (i) => sends[i % sends.length]!(i)));
  const log = await ana.messages({ conversation: ben.id });
  expect(numbers(log)).toEqual(upTo(log.length));
  expect(log.length).toBe(1 + MANY / 5 + MANY / 5 + 1);
});

it('50 concurrent first messages in both directions make one conversation', async () => {
  const { ana, ben, counts } = await newWorld();
  const before = await counts();
  const sent = await Promise.all(times(MANY, (i) => (i % 2 ? ana.sendTo(ben, `${i}`) : ben.sendTo(ana, `${i}`))));
  expect(new Set(sent.map(({ conversationId }) => conversationId)).size).toBe(1);
  expect(numbers(sent).toSorted((a, b) => a - b)).toEqual(upTo(MANY));
  const after = await counts();
  expect([after.conversations! - before.conversations!, after.members! - before.members!]).toEqual([1, 2]);
});

it('50 concurrent first notes to oneself make one conversation with one member', async () => {
  const { ana, counts } = await newWorld();
  const before = await counts();
  const sent = await Promise.all(times(MANY, (i) => ana.sendTo(ana, `${i}`)));
  expect(numbers(sent).toSorted((a, b) => a - b)).toEqual(upTo(MANY));
  const after = await counts();
  expect([after.conversations! - before.conversations!, after.members! - before.members!]).toEqual([1, 1]);
});

it('concurrent batches over the same conversations in different orders are all stored', async () => {
  const { ana, ben, cleo, dan } = await newWorld();
  const groups: Schemas['Group'][] = [];
  for (const name of ['1', '2', '3', '4']) groups.push(await ana.createGroup(name, ben, cleo, dan));
  const senders = [ana, ben, cleo, dan];
  const answers = await Promise.all(
    times(20, (i) => {
      const to = i % 2 ? groups : groups.toReversed();
      const messages = Array.from({ length: 40 }, (_, n) => ({ recipient: to[n % 4]!.id, text: `${i}.${n}` }));
      return senders[i % 4]!.api.sendMessages({ messages });
    }),
  );
  expect(new Set(answers.flatMap(({ results }) => results.map(({ status }) => status)))).toEqual(new Set([201]));
  for (const { id } of groups) {
    const log = await ana.messages({ conversation: id });
    expect(numbers(log)).toEqual(upTo(200));
    for (let i = 0; i < 20; i++) {
      const mine = log.map(({ text }) => text.split('.')).filter(([batch]) => batch === `${i}`);
      const order = mine.map(([, n]) => Number(n));
      expect(order).toEqual(order.toSorted((a, b) => a - b)); // a batch's own order
    }
  }
});

it('an answer of sync is one snapshot, whatever messages are sent meanwhile', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo);
  const sending = times(MANY, (i) => (i % 2 ? ana.sendTo(ben, `${i}`) : cleo.sendTo(group, `${i}`)));
  const pages = await Promise.all(times(MANY, () => ben.api.sync({})));
  await Promise.all(sending);
  for (const { conversation, messages } of pages.flatMap(({ conversations }) => conversations)) {
    expect(numbers(messages.items)).toEqual(upTo(conversation.lastSeq));
    expect(messages.toSeq).toBe(conversation.lastSeq);
    expect(conversation.lastMessage?.seq ?? 0).toBe(conversation.lastSeq);
  }
});
