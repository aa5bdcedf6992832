import { expect, it } from '@jest/globals';
import { forbidden, invalid, malformed, messageNotFound } from '../src/common/problems.js';
import type { Person } from './support/person.js';
import { newWorld } from './support/world.js';

/** By username, whether they have received or read a message, as its sender sees it. */
async function receipts(sender: Person, id: string): Promise<Record<string, string>> {
  const { items } = await sender.api.listReceipts({ id });
  const state = ({ delivered, read }: { delivered: boolean; read: boolean }): string =>
    read ? 'read' : delivered ? 'delivered' : 'sent';
  return Object.fromEntries(items.map((receipt) => [receipt.user.displayName, state(receipt)]));
}

it('only the sender of a message sees who has received and read it', async () => {
  const { ana, ben, cleo, dan } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo, dan);
  const message = await ana.sendTo(group, 'hello');
  await ben.read(message);
  await cleo.delivered(message);
  expect(await receipts(ana, message.id)).toEqual({ Ben: 'read', Cleo: 'delivered', Dan: 'sent' });
  await expect(ben.api.listReceipts(message)).rejects.toBeProblem(forbidden);
});

it('a direct message has one receipt, that of the other user', async () => {
  const { ana, ben } = await newWorld();
  const message = await ana.sendTo(ben, 'hello');
  expect(await receipts(ana, message.id)).toEqual({ Ben: 'sent' });
  await ben.delivered(message);
  expect(await receipts(ana, message.id)).toEqual({ Ben: 'delivered' });
});

it('a member who joined later, left or deleted their account has no receipt', async () => {
  const { ana, ben, cleo, dan, stranger, app } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo, stranger);
  const message = await ana.sendTo(group, 'hello');
  await ana.add(group, dan);
  await cleo.leave(group);
  await app.removeUser({ address: stranger.id });
  expect(await receipts(ana, message.id)).toEqual({ Ben: 'sent' });
  await ana.add(group, cleo); // she reads from here on
  expect(await receipts(ana, message.id)).toEqual({ Ben: 'sent' });
});

it('a member who left does not see the receipts of their messages, nor after coming back', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const message = await ben.sendTo(group, 'hello');
  await ben.leave(group);
  await expect(ben.api.listReceipts(message)).rejects.toBeProblem(messageNotFound);
  await ana.add(group, ben);
  await expect(ben.api.listReceipts(message)).rejects.toBeProblem(messageNotFound);
});

it('the receipts of a group of 1,000 come in pages, each member once, in the order of their ids', async () => {
  const { ana, server, crowd } = await newWorld();
  const group = await ana.createGroup('Everybody');
  const ids = (await crowd(999)).toSorted();
  await server.db.query('INSERT INTO members (conversation_id, user_id) SELECT $1, unnest($2::uuid[])', [
    group.id,
    ids,
  ]);
  await server.db.query('UPDATE conversations SET member_count = 1000 WHERE id = $1', [group.id]);
  const message = await ana.sendTo(group, 'hello');
  await server.db.query('UPDATE members SET delivered_seq = 1, read_seq = 1 WHERE user_id = ANY ($1)', [
    ids.slice(0, 998),
  ]);
  const found = [];
  for await (const receipt of ana.api.each('listReceipts', { id: message.id, limit: 200 })) found.push(receipt);
  expect(found.map(({ user }) => user.id)).toEqual(ids);
  expect(found.filter(({ read }) => !read).map(({ user }) => user.id)).toEqual([ids[998]]);
  expect((await ana.api.getMessage(message)).read).toBe(false);
  await server.db.query('UPDATE members SET delivered_seq = 1, read_seq = 1 WHERE user_id = $1', [ids[998]]);
  expect((await ana.api.getMessage(message)).read).toBe(true);
});

it('a list of receipts refuses a cursor of another list, and a limit out of range', async () => {
  const { ana, ben } = await newWorld();
  const { id } = await ana.sendTo(ben, 'hello');
  await ana.sendTo(ben, 'again');
  const { next } = await ana.api.listMessages({ limit: 1 });
  const cursors = [
    next!,
    '',
    'x',
    Buffer.from('["r1"]').toString('base64url'),
    Buffer.from('["r1","a"]').toString('base64url'),
    Buffer.from(`["r1",["${ana.id}"]]`).toString('base64url'),
    Buffer.from(`["r1","${ana.id}",1]`).toString('base64url'),
  ];
  for (const cursor of cursors) {
    await expect(ana.api.listReceipts({ id, cursor })).rejects.toBeProblem(malformed);
  }
  for (const limit of [0, 201, 1.5]) {
    await expect(ana.api.listReceipts({ id, limit })).rejects.toBeProblem(invalid, 'limit');
  }
});
