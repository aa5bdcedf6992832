import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Schemas } from '../sdk/src/index.js';
import {
  clientMessageIdReused,
  invalid,
  recipientBlockedYou,
  recipientNotFound,
  tooLarge,
} from '../src/common/problems.js';
import type { Person } from './support/person.js';
import { newWorld } from './support/world.js';

type Outcome = Schemas['SendOutcome'];

/** The outcomes of a batch whose items the SDK would not all send. */
async function sendAll(from: Person, messages: unknown[]): Promise<Outcome[]> {
  const { status, text } = await from.raw('POST', '/v1/messages/batch', { body: { messages } });
  expect(status).toBe(200);
  return (JSON.parse(text) as Schemas['SendResults']).results;
}

const brief = ({ status, problem, message }: Outcome): unknown[] => [status, problem?.code ?? message?.seq];

it('a batch of 500 messages is stored at once, in order, with one outcome per message', async () => {
  const { ana, ben, cleo, counts } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const before = await counts();
  const to = [ben.id, cleo.address, group.id, ana.id];
  const messages = Array.from({ length: 500 }, (_, i) => ({ recipient: to[i % 4]!, text: `${i}` }));
  const { results } = await ana.api.sendMessages({ messages });
  expect(results.map(({ status }) => status)).toEqual(Array(500).fill(201));
  expect(results.map(({ message }) => message?.text)).toEqual(messages.map(({ text }) => text));
  expect(results.map(({ message }) => message?.seq)).toEqual(messages.map((_, i) => Math.floor(i / 4) + 1));
  expect(results[0]!.message).toEqual((await ben.messages({ sender: ana.id, recipient: ben.id }))[0]);
  expect(await ben.texts({ conversation: group.id })).toEqual(
    messages.filter(({ recipient }) => recipient === group.id).map(({ text }) => text),
  );
  const after = await counts();
  expect([after.messages! - before.messages!, after.conversations! - before.conversations!]).toEqual([500, 3]);
});

it('a bad message in a batch is refused like a single send, and does not fail the others', async () => {
  const { ana, ben, cleo, stranger } = await newWorld();
  const group = await cleo.createGroup('Without Ana');
  await stranger.block(ana);
  const used = randomUUID();
  await ana.sendTo(ben, 'used', used);
  const items: [item: unknown, outcome: unknown[]][] = [
    [{ recipient: ben.id, text: 'first' }, [201, 2]],
    [{ recipient: ben.id, text: 'a'.repeat(161) }, [422, invalid.code]],
    [{ recipient: ben.id, text: ' ' }, [422, invalid.code]],
    [{ recipient: ben.id, text: 'a\u0000' }, [422, invalid.code]],
    [{ recipient: ben.id, text: '\ud800' }, [422, invalid.code]],
    [{ recipient: ben.id }, [422, invalid.code]],
    [{ text: 'to whom?' }, [422, invalid.code]],
    [{}, [422, invalid.code]],
    [{ recipient: ben.id, text: 'x', sender: ben.id }, [422, invalid.code]],
    [{ recipient: ben.id, text: 'x', clientMessageId: 'x' }, [422, invalid.code]],
    [{ recipient: randomUUID(), text: 'x' }, [404, recipientNotFound.code]],
    [{ recipient: '@nobody.at.all', text: 'x' }, [404, recipientNotFound.code]],
    [{ recipient: group.id, text: 'x' }, [404, recipientNotFound.code]],
    [{ recipient: stranger.id, text: 'x' }, [403, recipientBlockedYou.code]],
    [{ recipient: ben.id, text: 'other', clientMessageId: used }, [409, clientMessageIdReused.code]],
    [{ recipient: ben.id, text: 'used', clientMessageId: used }, [200, 1]],
    [{ recipient: cleo.id, text: 'a first one' }, [201, 1]],
    [{ recipient: ben.address, text: 'last' }, [201, 3]],
  ];
  const results = await sendAll(
    ana,
    items.map(([item]) => item),
  );
  expect(results.map(brief)).toEqual(items.map(([, outcome]) => outcome));
  expect(results[1]!.problem).toMatchObject({ status: 422, errors: [{ field: 'text' }] });
  expect(await ana.texts({ conversation: ben.id })).toEqual(['used', 'first', 'last']);
  expect(await ana.texts({ conversation: cleo.id })).toEqual(['a first one']);
});

it('the same clientMessageId twice in one batch is a repeat, or with another text refused', async () => {
  const { ana, ben, cleo } = await newWorld();
  const [one, two] = [randomUUID(), randomUUID()];
  for (const recipient of [ben.id, cleo.id]) {
    const results = await sendAll(ana, [
      { recipient, text: 'hello', clientMessageId: one },
      { recipient, text: 'hello', clientMessageId: one.toUpperCase() },
      { recipient, text: 'again', clientMessageId: two },
      { recipient, text: 'other', clientMessageId: one },
      { recipient, text: 'hello', clientMessageId: one },
    ]);
    expect(results.map(brief)).toEqual([
      [201, 1],
      [200, 1],
      [201, 2],
      [409, clientMessageIdReused.code],
      [200, 1],
    ]);
  }
});

it('a batch sent twice stores once', async () => {
  const { ana, ben, counts } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const messages = Array.from({ length: 100 }, (_, i) => ({
    recipient: i % 2 ? ben.id : group.id,
    text: `${i}`,
    clientMessageId: randomUUID(),
  }));
  const first = await ana.api.sendMessages({ messages });
  const before = await counts();
  const second = await ana.api.sendMessages({ messages });
  expect(second.results).toEqual(first.results.map(({ message }) => ({ status: 200, message })));
  expect(await counts()).toEqual(before);
});

it('a batch opens many direct conversations, each in its order, and those that a block forbids stay closed', async () => {
  const { ana, ben, cleo, dan, counts } = await newWorld();
  await dan.block(ana);
  const before = await counts();
  const to = [ben, dan, cleo, ana, ben, dan, cleo, ana];
  const results = await sendAll(
    ana,
    to.map(({ id }, i) => ({ recipient: id, text: `${i}` })),
  );
  const blocked = [403, recipientBlockedYou.code];
  expect(results.map(brief)).toEqual([[201, 1], blocked, [201, 1], [201, 1], [201, 2], blocked, [201, 2], [201, 2]]);
  expect(await ben.texts()).toEqual(['0', '4']);
  expect(await dan.texts()).toEqual([]);
  expect((await counts()).conversations).toBe(before.conversations! + 3);
});

it('a batch that is no list of 1 to 500 objects is refused as a whole', async () => {
  const { ana, ben, counts } = await newWorld();
  const before = await counts();
  const message = { recipient: ben.id, text: 'hello' };
  const bodies: [body: object, field: string][] = [
    [{}, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: message }, 'messages'],
    [{ messages: Array(501).fill(message) }, 'messages'],
    [{ messages: [message, 'hello'] }, 'messages'],
    [{ messages: [message, null] }, 'messages'],
    [{ messages: [message, [message]] }, 'messages'],
    [{ messages: [message], sender: ben.id }, 'sender'],
  ];
  for (const [body, field] of bodies) {
    expect(await ana.raw('POST', '/v1/messages/batch', { body })).toBeProblem(invalid, field);
  }
  const huge = { messages: [{ ...message, text: 'x'.repeat(3 * 1024 * 1024) }] };
  expect(await ana.raw('POST', '/v1/messages/batch', { body: huge })).toBeProblem(tooLarge);
  expect(await counts()).toEqual(before);
});
