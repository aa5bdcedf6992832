import { randomUUID } from 'node:crypto';
import { expect, it, jest } from '@jest/globals';
import { forbidden, invalid, malformed, messageNotFound, recipientNotFound } from '../src/common/problems.js';
import { statements } from './support/statements.js';
import { newWorld } from './support/world.js';

it('a message to a user is numbered, stored as sent, and seen by both', async () => {
  const { ana, ben } = await newWorld();
  const sent = await ana.sendTo(ben, ' Grüße\r\nan dich ');
  expect(sent).toMatchObject({
    id: `${sent.conversationId}.1`,
    seq: 1,
    sender: { id: ana.id, username: ana.username, displayName: 'Ana', deleted: false },
    recipient: { kind: 'user', id: ben.id },
    text: ' Grüße\r\nan dich ',
    read: false,
  });
  expect(sent.sentAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(await ben.messages()).toEqual([sent]);
  expect(await ana.messages()).toEqual([sent]);
  expect(await ben.api.getMessage({ id: sent.id })).toEqual(sent);
  const reply = await ben.sendTo(ana, 'and to you');
  expect(reply).toMatchObject({ conversationId: sent.conversationId, seq: 2, recipient: { kind: 'user', id: ana.id } });
});

it('a stored message is answered with 201 and its Location', async () => {
  const { ana, ben } = await newWorld();
  const answer = await ana.raw('POST', '/v1/messages', { body: { recipient: ben.id, text: 'hello' } });
  const place = answer.headers.get('Location')!;
  expect(answer.status).toBe(201);
  expect(place).toMatch(/^\/v1\/messages\/[0-9a-f-]{36}\.1$/);
  expect((await ben.raw('GET', place)).text).toBe(answer.text);
});

it('the recipient is named by id in any case, by @name in any case, or percent-encoded', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  const addresses = [
    ben.id,
    ben.id.toUpperCase(),
    ben.address,
    ben.address.toUpperCase(),
    `%40${ben.username}`,
    group.id,
    group.id.toUpperCase(),
  ];
  const sent = [];
  for (const address of addresses) sent.push(await ana.sendTo(address, address));
  expect(sent.map(({ recipient }) => recipient.id)).toEqual([...Array<string>(5).fill(ben.id), group.id, group.id]);
  expect(sent.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 1, 2]);
  expect(await ben.texts()).toEqual(addresses);
});

it('an application names users by its own ids, and a user cannot', async () => {
  const { ana, app, asApp } = await newWorld();
  const externalId = `crm:${randomUUID()}`;
  const eve = await app.createUser({ displayName: 'Eve', externalId });
  expect((await asApp.ana.sendTo(`ext:${externalId}`, 'hello')).recipient.id).toBe(eve.id);
  expect((await asApp.ana.sendTo(encodeURIComponent(`ext:${externalId}`), 'again')).seq).toBe(2);
  await expect(ana.sendTo(`ext:${externalId}`, 'hello')).rejects.toBeProblem(recipientNotFound);
});

it('a note to oneself is a conversation with one member, listed once and never unread', async () => {
  const { ana } = await newWorld();
  const note = await ana.sendTo(ana, 'milk');
  expect(note).toMatchObject({ sender: { id: ana.id }, recipient: { kind: 'user', id: ana.id }, read: false });
  expect(await ana.texts()).toEqual(['milk']);
  expect(await ana.unread()).toEqual([]);
  const head = await ana.conversation(ana);
  expect(head).toMatchObject({ kind: 'direct', user: { id: ana.id }, lastMessage: note, lastSeq: 1, unread: 0 });
  expect(head).not.toHaveProperty('peerReadSeq');
  expect(await ana.api.listReceipts({ id: note.id })).toEqual({ items: [] });
});

it('a message to a group is one message, seen by every member', async () => {
  const { ana, ben, cleo, stranger, counts } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo);
  const before = await counts();
  const sent = await ben.sendTo(group, 'who drives?');
  expect(sent).toMatchObject({ conversationId: group.id, seq: 1, recipient: { kind: 'group', id: group.id } });
  expect(await counts()).toEqual({ ...before, messages: before.messages! + 1 });
  for (const member of [ana, ben, cleo]) expect(await member.messages()).toEqual([sent]);
  expect(await stranger.messages()).toEqual([]);
});

it('an unknown user, a direct conversation and a group without the sender are not recipients', async () => {
  const { ana, ben, cleo, counts } = await newWorld();
  const group = await ben.createGroup('Without Ana', cleo);
  const direct = await ben.sendTo(cleo, 'hello');
  const before = await counts();
  const nobodies = [
    randomUUID(),
    '@nobody.at.all',
    '@',
    'ben',
    '',
    '%',
    'ext:1',
    group.id,
    direct.conversationId,
    direct.id,
    'x'.repeat(140),
  ];
  for (const address of nobodies) await expect(ana.sendTo(address, 'hello')).rejects.toBeProblem(recipientNotFound);
  expect(await counts()).toEqual(before);
});

it('a message to a cached user or group costs one query', async () => {
  const { ana, ben, server } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  for (const to of [ben, group]) await ana.sendTo(to, 'hello');
  const asked = statements(server);
  for (const to of [ben, group]) await ana.sendTo(to, 'hello again');
  jest.restoreAllMocks();
  expect(asked).toEqual(['messages.append', 'messages.append']);
});

it('the id of a direct conversation is not a recipient for its members either, so that it evades no block', async () => {
  const { ana, ben, counts } = await newWorld();
  const { conversationId } = await ana.sendTo(ben, 'hello');
  await ben.block(ana);
  const before = await counts();
  await expect(ana.sendTo(conversationId, 'hello again')).rejects.toBeProblem(recipientNotFound);
  await expect(ben.sendTo(conversationId, 'hello')).rejects.toBeProblem(recipientNotFound);
  const clientMessageId = randomUUID();
  await expect(ana.sendTo(conversationId, 'and again', clientMessageId)).rejects.toBeProblem(recipientNotFound);
  const { results } = await ana.api.sendMessages({ messages: [{ recipient: conversationId, text: 'in a batch' }] });
  expect(results[0]).toMatchObject({ status: 404, problem: { code: 'recipient-not-found' } });
  expect(await counts()).toEqual(before);
});

const FAMILY = '👨‍👩‍👧‍👦'; // seven code points, one glyph
const FITS: [what: string, text: string][] = [
  ['one letter', 'x'],
  ['160 letters', 'a'.repeat(160)],
  ['160 emoji', '🐙'.repeat(160)],
  ['160 code points of emoji made of several', `${FAMILY.repeat(22)}👍🏽👍🏽👍🏽`],
  ['160 combining characters', 'e\u0301'.repeat(80)],
  ['white space around a letter', '\n\t x \u3000'],
];
const DOES_NOT_FIT: [what: string, text: unknown][] = [
  ['161 letters', 'a'.repeat(161)],
  ['161 emoji', '🐙'.repeat(161)],
  ['161 code points of emoji made of several', FAMILY.repeat(23)],
  ['nothing', ''],
  ['white space only', ' \t\r\n\u00a0\u2003\u3000\u2028\ufeff'],
  ['NUL', 'a\u0000b'],
  ['a lone high surrogate', 'a\ud83d'],
  ['a lone low surrogate', '\ude00a'],
  ['a number', 5],
  ['null', null],
  ['a list', ['a']],
];

it.each(FITS)('a text of %s is stored as sent', async (_, text) => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, text);
  expect(await ben.texts()).toEqual([text]);
});

it.each(DOES_NOT_FIT)('a text of %s is refused, and nothing is stored', async (_, text) => {
  const { ana, ben, counts } = await newWorld();
  const before = await counts();
  expect(await ana.raw('POST', '/v1/messages', { body: { recipient: ben.id, text } })).toBeProblem(invalid, 'text');
  expect(await counts()).toEqual(before);
});

it("a message with a missing, wrong or unknown field is refused by the field's name", async () => {
  const { ana, ben, counts } = await newWorld();
  const before = await counts();
  const bodies: [body: object | string, field: string][] = [
    [{ text: 'hello' }, 'recipient'],
    [{ recipient: 7, text: 'hello' }, 'recipient'],
    [{ recipient: 'x'.repeat(141), text: 'hello' }, 'recipient'],
    [{ recipient: ben.id }, 'text'],
    [{ recipient: ben.id, text: 'hello', clientMessageId: 'one' }, 'clientMessageId'],
    [{ recipient: ben.id, text: 'hello', clientMessageId: null }, 'clientMessageId'],
    [{ recipient: ben.id, text: 'hello', sender: ben.id }, 'sender'],
    [{ recipient: ben.id, text: 'hello', sentAt: '2020-01-01T00:00:00.000Z' }, 'sentAt'],
    [`{"recipient":"${ben.id}","text":"hello","__proto__":{"sender":1}}`, '__proto__'],
    [`{"recipient":"${ben.id}","text":"hello","constructor":{}}`, 'constructor'],
  ];
  for (const [body, field] of bodies) {
    expect(await ana.raw('POST', '/v1/messages', { body })).toBeProblem(invalid, field);
  }
  expect(await ana.raw('POST', '/v1/messages', { body: '{"recipient":' })).toBeProblem(malformed);
  expect(await counts()).toEqual(before);
});

it('a message that does not exist, or that the caller may not see, is not found', async () => {
  const { ana, ben, cleo, stranger } = await newWorld();
  const direct = await ana.sendTo(ben, 'hello');
  const group = await ana.createGroup('Trip', ben);
  const early = await ana.sendTo(group, 'before Cleo came');
  await ana.add(group, cleo);
  const ids = [
    'x',
    direct.conversationId,
    `${direct.conversationId}.0`,
    `${direct.conversationId}.01`,
    `${direct.conversationId}.2`,
    `${direct.conversationId}.-1`,
    `${direct.conversationId}.1e0`,
    `${direct.conversationId}.999999999999999999999`,
    `${randomUUID()}.1`,
  ];
  for (const id of ids) await expect(ana.api.getMessage({ id })).rejects.toBeProblem(messageNotFound);
  for (const [who, { id }] of [
    [stranger, direct],
    [stranger, early],
    [cleo, early],
  ] as const) {
    await expect(who.api.getMessage({ id })).rejects.toBeProblem(messageNotFound);
    await expect(who.read(id)).rejects.toBeProblem(messageNotFound);
    await expect(who.delivered(id)).rejects.toBeProblem(messageNotFound);
    await expect(who.api.listReceipts({ id })).rejects.toBeProblem(messageNotFound);
  }
  await expect(ben.api.listReceipts({ id: direct.id })).rejects.toBeProblem(forbidden);
  expect(await ana.api.getMessage({ id: direct.id.toUpperCase() })).toEqual(direct);
});

it('the times of a conversation do not go back if the clock does', async () => {
  const { ana, ben, server } = await newWorld();
  const { conversationId } = await ana.sendTo(ben, 'before');
  const later = '2100-01-01T00:00:00.000Z'; // as if the clock had been there before
  await server.db.query('UPDATE conversations SET last_at = $2 WHERE id = $1', [conversationId, later]);
  expect(await ben.sendTo(ana, 'after')).toMatchObject({ seq: 2, sentAt: later });
});

it('messages of a removed user stay, from a deleted user, and nothing can be sent to them', async () => {
  const { ana, ben, cleo, app, counts } = await newWorld();
  const group = await ana.createGroup('Trip', ben, cleo);
  await ben.sendTo(ana, 'direct');
  await ben.sendTo(group, 'in the group');
  await ana.sendTo(ben, 'my answer');
  await app.removeUser({ address: ben.id });

  const nameless = { id: ben.id, displayName: 'Deleted user', deleted: true };
  expect((await ana.messages()).map(({ text, sender }) => [text, sender.id === ana.id ? 'Ana' : sender])).toEqual([
    ['direct', nameless],
    ['in the group', nameless],
    ['my answer', 'Ana'],
  ]);
  expect((await cleo.messages()).map(({ sender }) => sender)).toEqual([nameless]);
  expect(await ana.texts({ sender: ben.id })).toEqual(['direct', 'in the group']);
  expect(await ana.texts({ recipient: ben.id })).toEqual(['my answer']);
  expect(await ana.conversation(ben)).toMatchObject({ user: nameless, lastSeq: 2, unread: 1 });
  const before = await counts();
  for (const address of [ben.id, ben.address]) {
    await expect(ana.sendTo(address, 'still there?')).rejects.toBeProblem(recipientNotFound);
    await expect(cleo.sendTo(address, 'a first message')).rejects.toBeProblem(recipientNotFound);
  }
  expect(await counts()).toEqual(before);
});
