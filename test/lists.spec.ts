import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Input, Schemas } from '../sdk/src/index.js';
import { conversationNotFound, invalid, malformed, recipientNotFound, userNotFound } from '../src/common/problems.js';
import { directConversationId } from '../src/common/ids.js';
import { fill } from './support/fill.js';
import type { Person } from './support/person.js';
import { Truth, type Log } from './support/truth.js';
import { newWorld, type World } from './support/world.js';

type Query = Input<'listMessages'>;

/** Ana, Ben and Cleo write to each other and in a group. */
async function chatter(): Promise<World & { group: Schemas['Group'] }> {
  const world = await newWorld();
  const { ana, ben, cleo } = world;
  const group = await ana.createGroup('Trip', ben, cleo);
  await ana.sendTo(ben, 'ana to ben');
  await ben.sendTo(ana, 'ben to ana');
  await cleo.sendTo(ana, 'cleo to ana');
  await ben.sendTo(cleo, 'ben to cleo');
  await ana.sendTo(group, 'ana to all');
  await ben.sendTo(group, 'ben to all');
  await ana.sendTo(ana, 'ana to herself');
  return { ...world, group };
}

it('the list of messages has everything that the user sent or received, newest first by default', async () => {
  const { ana, stranger } = await chatter();
  const oldestFirst = ['ana to ben', 'ben to ana', 'cleo to ana', 'ana to all', 'ben to all', 'ana to herself'];
  const { items, next } = await ana.api.listMessages();
  expect(items.map(({ text }) => text)).toEqual(oldestFirst.toReversed());
  expect(next).toBeUndefined();
  expect(await ana.texts({ order: 'oldest' })).toEqual(oldestFirst);
  expect(await stranger.texts()).toEqual([]);
});

it('the list of messages filters by sender, recipient, conversation and read, combined', async () => {
  const { ana, ben, cleo, group } = await chatter();
  const found: [query: Query, texts: string[]][] = [
    [{ sender: ben.id }, ['ben to ana', 'ben to all']],
    [{ sender: ana.address }, ['ana to ben', 'ana to all', 'ana to herself']],
    [{ recipient: ana.id }, ['ben to ana', 'cleo to ana', 'ana to herself']],
    [{ recipient: ben.address.toUpperCase() }, ['ana to ben']],
    [{ recipient: group.id }, ['ana to all', 'ben to all']],
    [{ conversation: ben.address }, ['ana to ben', 'ben to ana']],
    [{ conversation: ben.id.toUpperCase() }, ['ana to ben', 'ben to ana']],
    [{ conversation: directConversationId(ana.id, ben.id) }, ['ana to ben', 'ben to ana']],
    [{ conversation: group.id.toUpperCase() }, ['ana to all', 'ben to all']],
    [{ conversation: ana.id }, ['ana to herself']],
    [{ sender: ben.id, recipient: ana.id }, ['ben to ana']],
    [{ sender: ana.id, recipient: ana.id }, ['ana to herself']],
    [{ sender: ana.id, recipient: group.id }, ['ana to all']],
    [{ sender: ben.id, conversation: group.id }, ['ben to all']],
    [{ sender: ben.id, recipient: cleo.id }, []],
    [{ recipient: ben.id, conversation: group.id }, []],
    [{ recipient: ana.id, conversation: cleo.id }, ['cleo to ana']],
    [{ read: false }, ['ben to ana', 'cleo to ana', 'ben to all']],
    [{ read: true }, []],
    [{ read: false, sender: ben.id }, ['ben to ana', 'ben to all']],
    [{ read: false, sender: ana.id }, ['ana to ben', 'ana to all', 'ana to herself']],
    [{ read: false, recipient: ben.id }, ['ana to ben']],
    [{ read: false, recipient: ana.id }, ['ben to ana', 'cleo to ana']],
    [{ read: false, recipient: group.id }, ['ben to all']],
  ];
  for (const [query, texts] of found) expect([query, await ana.texts(query)]).toEqual([query, texts]);

  await ana.read((await ana.messages({ sender: ben.id, conversation: group.id }))[0]!);
  await ben.read((await ben.messages({ sender: ana.id, recipient: ben.id }))[0]!);
  expect(await ana.texts({ read: true })).toEqual(['ben to all']);
  expect(await ana.texts({ read: true, sender: ana.id })).toEqual(['ana to ben']);
  expect(await ana.unread()).toEqual(['ben to ana', 'cleo to ana']);
});

it('a filter by an unknown user, recipient or conversation is not found, also a conversation without the caller', async () => {
  const { ana, ben, group, stranger } = await chatter();
  const direct = directConversationId(ana.id, ben.id);
  for (const sender of [randomUUID(), '@nobody.at.all', 'ext:1', 'x', group.id]) {
    await expect(ana.api.listMessages({ sender })).rejects.toBeProblem(userNotFound);
  }
  for (const recipient of [randomUUID(), '@nobody.at.all', 'x', direct]) {
    await expect(ana.api.listMessages({ recipient })).rejects.toBeProblem(recipientNotFound);
  }
  await expect(ana.api.listMessages({ conversation: randomUUID() })).rejects.toBeProblem(conversationNotFound);
  await expect(ana.api.listMessages({ conversation: '@nobody.at.all' })).rejects.toBeProblem(userNotFound);
  await expect(stranger.api.listMessages({ recipient: group.id })).rejects.toBeProblem(recipientNotFound);
  for (const conversation of [group.id, direct]) {
    await expect(stranger.api.listMessages({ conversation })).rejects.toBeProblem(conversationNotFound);
  }
  expect(await stranger.texts({ conversation: ana.id })).toEqual([]); // their own conversation with Ana, which has no message
});

it('the list of messages refuses a parameter that is unknown, given twice or out of range, by its name', async () => {
  const { ana } = await newWorld();
  const refused: [query: string, field: string][] = [
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=many', 'limit'],
    ['limit=0x10', 'limit'],
    ['limit=', 'limit'],
    ['order=random', 'order'],
    ['read=maybe', 'read'],
    ['read=', 'read'],
    ['sender=a&sender=b', 'sender'],
    ['conversation[]=a', 'conversation'],
    ['unread=true', 'unread'],
    ['__proto__=1', '__proto__'],
  ];
  for (const [query, field] of refused) {
    const answer = await ana.raw('GET', `/v1/messages?${query}`);
    expect([query, answer.status, answer.errors?.map((error) => error.field.replace(/\W+$/, ''))]).toEqual([
      query,
      invalid.status,
      [field],
    ]);
  }
});

it('the list of messages refuses a cursor that is broken, made up, or of another list', async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'one');
  await ana.sendTo(ben, 'two');
  await ana.block(ben);
  const { next } = await ana.api.listMessages({ limit: 1 });
  const encoded = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const at = '2026-01-01T00:00:00.000Z';
  const cursors = [
    '',
    '%00',
    next!.slice(0, -3),
    `${next}x`.slice(3),
    Buffer.from('{}').toString('base64url'),
    Buffer.from('null').toString('base64url'),
    encoded(),
    encoded('m1'),
    encoded('m0', at, ana.id, 1),
    encoded('m1', at, ana.id, '1'),
    encoded('m1', at, ana.id, 1.5),
    encoded('m1', at, ana.id, 1e300),
    encoded('m1', at, ana.id, 1, 1),
    encoded('m1', at, 'x', 1),
    encoded('m1', at, [ana.id], 1),
    encoded('m1', 'now', ana.id, 1),
    encoded('m1', 'infinity', ana.id, 1),
    encoded('m1', '2026-02-30T00:00:00.000Z', ana.id, 1),
    encoded('m1', '0000-01-01T00:00:00.000Z', ana.id, 1),
    encoded('c1', at, ana.id),
  ];
  for (const cursor of cursors) await expect(ana.api.listMessages({ cursor })).rejects.toBeProblem(malformed);
  const { next: other } = await ana.api.listMessages({ limit: 1, order: 'oldest' });
  expect((await ana.api.listMessages({ cursor: other!, order: 'oldest' })).items).toMatchObject([{ text: 'two' }]);
});

it('the last page of messages has no next, full or not', async () => {
  const { ana, ben } = await newWorld();
  for (const text of ['1', '2', '3', '4']) await ana.sendTo(ben, text);
  for (const order of ['newest', 'oldest'] as const) {
    const pages = [];
    let cursor: string | undefined;
    do {
      const page: Schemas['MessagePage'] = await ana.api.listMessages({ limit: 2, order, ...(cursor && { cursor }) });
      pages.push(page.items.map(({ text }) => text).join());
      cursor = page.next;
    } while (cursor);
    expect(pages.filter(Boolean)).toEqual(order === 'newest' ? ['4,3', '2,1'] : ['1,2', '3,4']);
  }
});

it('a message that is sent during paging is not on older pages, and once on newer ones', async () => {
  const { ana, ben } = await newWorld();
  for (const text of ['1', '2', '3']) await ana.sendTo(ben, text);
  const newest = await ben.api.listMessages({ limit: 2 });
  const oldest = await ben.api.listMessages({ limit: 2, order: 'oldest' });
  await ana.sendTo(ben, '4');
  const textsFrom = async (query: Query): Promise<string[]> =>
    (await ben.api.listMessages(query)).items.map(({ text }) => text);
  expect(await textsFrom({ cursor: newest.next! })).toEqual(['1']);
  expect(await textsFrom({ cursor: oldest.next!, order: 'oldest' })).toEqual(['3', '4']);
});

it('a user who was removed from a group lists nothing of it, and after coming back only newer messages', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  await ana.sendTo(group, 'first');
  await ana.remove(group, ben);
  await ana.sendTo(group, 'without Ben');
  expect(await ben.texts()).toEqual([]);
  await ana.add(group, ben);
  await ana.sendTo(group, 'with Ben');
  expect(await ben.texts()).toEqual(['with Ben']);
  expect(await ana.texts()).toEqual(['first', 'without Ben', 'with Ben']);
});

/** Logs with messages of many people and a few of one; times a millisecond apart over all of them. */
function rareAmongMany(
  ana: Person,
  matching: Person,
  others: string[],
  shape: { readonly logs: number; readonly perLog: number },
): Truth {
  const truth = new Truth();
  const place = { joinedSeq: 0, deliveredSeq: 0, readSeq: 0 };
  for (let n = 0; n < shape.logs; n++) {
    const members = new Map([ana.id, matching.id].map((id) => [id, { ...place }]));
    const log: Log = { id: randomUUID(), messages: [], members };
    for (let seq = 1; seq <= shape.perLog; seq++) {
      const nth = n * shape.perLog + seq;
      const senderId = nth % 4_001 === 7 ? matching.id : others[seq % others.length]!;
      const sentAt = new Date(Date.UTC(2026, 0, 1) + (seq * shape.logs + n)).toISOString();
      log.messages.push({ seq, senderId, text: `${nth}`, sentAt });
    }
    truth.logs.set(log.id, log);
  }
  return truth;
}

it.each([
  { logs: 1, perLog: 30_000, requests: 4 },
  { logs: 40, perLog: 750, requests: 12 },
])(
  'one request looks at 10,000 messages at most, and pages of a filter with few matches find them all: $logs × $perLog',
  async (shape) => {
    const { ana, ben, crowd, server } = await newWorld();
    const truth = rareAmongMany(ana, ben, await crowd(3), shape);
    await fill(server, truth);
    for (const order of ['newest', 'oldest'] as const) {
      const found = [];
      let requests = 0;
      let cursor: string | undefined;
      do {
        const page = await ana.api.listMessages({ sender: ben.id, order, limit: 200, ...(cursor && { cursor }) });
        found.push(...page.items.map(({ id }) => id));
        cursor = page.next;
        requests++;
      } while (cursor);
      expect(found).toEqual(truth.list(ana.id, { sender: ben.id, order }).map(({ id }) => id));
      expect(found).toHaveLength(8);
      expect(requests).toBeGreaterThanOrEqual(3);
      expect(requests).toBeLessThanOrEqual(shape.requests);
    }
  },
);
