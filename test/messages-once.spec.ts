import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { clientMessageIdReused, recipientBlockedYou, recipientNotFound } from '../src/common/problems.js';
import type { Addressable, Person } from './support/person.js';
import { startServer } from './support/server.js';
import { newWorld } from './support/world.js';

/** The status and body of a send. */
async function send(from: Person, to: Addressable, text: string, clientMessageId: string): Promise<[number, string]> {
  const recipient = typeof to === 'string' ? to : to.id;
  const { status, text: answer } = await from.raw('POST', '/v1/messages', {
    body: { recipient, text, clientMessageId },
  });
  return [status, answer];
}

it('a repeated clientMessageId returns the first message, and stores nothing', async () => {
  const { ana, ben, counts } = await newWorld();
  const id = randomUUID();
  const [status, first] = await send(ana, ben, 'hello', id);
  expect(status).toBe(201);
  const before = await counts();
  expect(await send(ana, ben, 'hello', id)).toEqual([200, first]);
  expect(await send(ana, ben.address, 'hello', id.toUpperCase())).toEqual([200, first]);
  expect(await counts()).toEqual(before);
  await ben.read(JSON.parse(first) as { id: string });
  expect(JSON.parse((await send(ana, ben, 'hello', id))[1])).toMatchObject({ seq: 1, read: true });
});

it('a repeated clientMessageId with another text is refused, and stores nothing', async () => {
  const { ana, ben, counts } = await newWorld();
  const id = randomUUID();
  await ana.sendTo(ben, 'hello', id);
  const before = await counts();
  await expect(ana.sendTo(ben, 'hello!', id)).rejects.toBeProblem(clientMessageIdReused);
  expect(await counts()).toEqual(before);
});

it('another sender or another conversation may use the same clientMessageId', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const id = randomUUID();
  const statuses = [];
  for (const [from, to] of [
    [ana, ben],
    [ben, ana],
    [ana, cleo],
    [ana, ana],
    [ana, group],
    [ben, group],
  ] as const) {
    statuses.push((await send(from, to, 'hello', id))[0]);
  }
  expect(statuses).toEqual([201, 201, 201, 201, 201, 201]);
});

it('only the sender of a message sees its clientMessageId', async () => {
  const { ana, ben } = await newWorld();
  const id = randomUUID();
  const sent = await ana.sendTo(ben, 'hello', id);
  expect(sent.clientMessageId).toBe(id);
  expect((await ana.messages())[0]).toHaveProperty('clientMessageId', id);
  expect((await ben.messages())[0]).not.toHaveProperty('clientMessageId');
  expect(await ben.api.getMessage(sent)).not.toHaveProperty('clientMessageId');
  expect((await ben.conversation(ana)).lastMessage).not.toHaveProperty('clientMessageId');
});

it('after a block a repeat returns the stored message, and a new send is refused', async () => {
  const { ana, ben } = await newWorld();
  const id = randomUUID();
  const [, first] = await send(ana, ben, 'hello', id);
  await ben.block(ana);
  expect(await send(ana, ben, 'hello', id)).toEqual([200, first]);
  await expect(ana.sendTo(ben, 'other', id)).rejects.toBeProblem(clientMessageIdReused);
  const refused = randomUUID();
  await expect(ana.sendTo(ben, 'again', refused)).rejects.toBeProblem(recipientBlockedYou);
  await ben.unblock(ana);
  expect((await send(ana, ben, 'again', refused))[0]).toBe(201);
});

it('a repeat returns the stored message after the sender was removed from the group', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const id = randomUUID();
  const [, first] = await send(ben, group, 'hello', id);
  await ana.remove(group, ben);
  expect(await send(ben, group, 'hello', id)).toEqual([200, first]);
  await expect(ben.sendTo(group, 'hello', randomUUID())).rejects.toBeProblem(recipientNotFound);
  await ana.add(group, ben);
  expect(await send(ben, group, 'hello', id)).toEqual([200, first]);
});

it('a repeat returns the stored message after the recipient deleted their account', async () => {
  const { ana, ben, app } = await newWorld();
  const id = randomUUID();
  const [, first] = await send(ana, ben, 'hello', id);
  await app.removeUser({ address: ben.id });
  expect(await send(ana, ben, 'hello', id)).toEqual([200, first]);
  await expect(ana.sendTo(ben, 'hello', randomUUID())).rejects.toBeProblem(recipientNotFound);
});

it('a repeat is recognized by another server on the database, and after a restart', async () => {
  const { ana, ben, server } = await newWorld();
  const id = randomUUID();
  const [, first] = await send(ana, ben, 'hello', id);
  const copy = await startServer({ databaseUrl: server.settings.databaseUrl });
  const answer = await fetch(`${copy.url}/v1/messages`, {
    method: 'POST',
    headers: { ...ana.headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ recipient: ben.id, text: 'hello', clientMessageId: id }),
  });
  expect([answer.status, await answer.text()]).toEqual([200, first]);
});
