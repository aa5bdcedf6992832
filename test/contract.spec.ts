import { expect, it } from '@jest/globals';
import { invalid, malformed, notJson, tooLarge } from '../src/common/problems.js';
import { operations } from './support/contract.js';
import type { Person } from './support/person.js';
import { newWorld, type World } from './support/world.js';

const WITH_BODY = operations.filter(({ requestBody }) => requestBody);
const LISTS = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === 'limit'));
const PAGES = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === 'cursor'));

/** Fills in the paths of operations with ids that exist for Ana: a user, a group, a message, a conversation. */
async function pathsOf(world: World): Promise<(path: string) => string> {
  const { ana, ben } = world;
  const group = await ana.createGroup('Trip', ben);
  const message = await ana.sendTo(ben, 'Hello');
  return (path) =>
    path
      .replace('/messages/{id}', `/messages/${message.id}`)
      .replace('/{id}', `/${group.id}`)
      .replace('{address}', ben.id)
      .replace('{conversation}', message.conversationId);
}

/** Headers of the application for its own routes, of Ana for the others. */
const headersFor = (ana: Person, app: Person, security: readonly object[]): Readonly<Record<string, string>> =>
  security.some((scheme) => 'bearer' in scheme) ? ana.headers : { 'X-Api-Key': app.headers['X-Api-Key']! };

const BAD_BODIES = [
  ['no JSON', '{"text": ', malformed],
  ['a list', '[]', malformed],
  ['a text', '"text"', malformed],
  ['null', 'null', malformed],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), malformed],
  ['a hundred thousand brackets', `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, malformed],
  ['3 MB', JSON.stringify({ text: 'x'.repeat(3_000_000) }), tooLarge],
] as const;

it.each(BAD_BODIES)('a body of %s is refused, and nothing is stored', async (_what, body, kind) => {
  const { ana, raw, asApp, counts } = await newWorld();
  const before = await counts();
  for (const { method, path, security } of WITH_BODY) {
    const headers = headersFor(ana, asApp.ana, security);
    const answer = await raw(method, path.replace(/\{\w+\}/g, ana.id), { body, headers });
    expect(answer).toBeProblem(kind);
  }
  expect(await counts()).toEqual(before);
});

it('a body that does not say that it is JSON is refused, and nothing is stored', async () => {
  const { ana, ben, counts } = await newWorld();
  const before = await counts();
  const body = JSON.stringify({ recipient: ben.id, text: 'Hello' });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', '']) {
    const answer = await ana.raw('POST', '/v1/messages', { body, headers: { 'Content-Type': type } });
    expect(answer).toBeProblem(notJson);
  }
  const compressed = { 'Content-Encoding': 'gzip' };
  expect(await ana.raw('POST', '/v1/messages', { body, headers: compressed })).toBeProblem(notJson);
  expect(await counts()).toEqual(before);
});

it.each(['unknownField', '__proto__', 'constructor', 'prototype'])(
  'a body with the field %s is refused, naming it, and nothing is stored',
  async (field) => {
    const started = await newWorld();
    const { ana, raw, asApp, counts } = started;
    const place = await pathsOf(started);
    const before = await counts();
    for (const { method, path, security } of operations) {
      if (method === 'GET') continue;
      const headers = headersFor(ana, asApp.ana, security);
      const answer = await raw(method, place(path), { body: `{"${field}": {"a": 1}}`, headers });
      expect(answer).toBeProblem(invalid, field);
    }
    expect(await counts()).toEqual(before);
  },
);

it('a name of JavaScript is refused at any depth', async () => {
  const { ana, ben } = await newWorld();
  const body = `{"messages": [{"recipient": "${ben.id}", "text": "Hello", "\\u005f_proto__": {}}]}`;
  expect(await ana.raw('POST', '/v1/messages/batch', { body })).toBeProblem(invalid, 'messages.0.__proto__');
});

it.each(['unknown=1', 'constructor=1', '__proto__=1', 'toString=1'])(
  'every route refuses the unknown query parameter %s',
  async (query) => {
    const started = await newWorld();
    const { ana, raw, asApp, counts } = started;
    const place = await pathsOf(started);
    const before = await counts();
    for (const { method, path, security } of operations) {
      const headers = headersFor(ana, asApp.ana, security);
      const answer = await raw(method, `${place(path)}?${query}`, { headers });
      expect(answer).toBeProblem(invalid, query.split('=')[0]);
    }
    expect(await counts()).toEqual(before);
  },
);

it.each(LISTS.map(({ operationId, ...operation }) => [operationId, operation] as const))(
  '%s refuses a limit that is out of range instead of cutting it',
  async (_name, { method, path, security }) => {
    const started = await newWorld();
    const { ana, raw, asApp } = started;
    const place = await pathsOf(started);
    const headers = headersFor(ana, asApp.ana, security);
    const search = path === '/v1/users' ? '&search=a' : '';
    for (const limit of ['0', '201', '-1', '1.5', 'ten', '1e2', '', '1&limit=2', '9'.repeat(30)]) {
      const answer = await raw(method, `${place(path)}?limit=${limit}${search}`, { headers });
      expect(answer).toBeProblem(invalid, 'limit');
    }
    expect((await raw(method, `${place(path)}?limit=200${search}`, { headers })).status).toBe(200);
  },
);

it.each(PAGES.map(({ operationId, ...operation }) => [operationId, operation] as const))(
  '%s refuses a cursor that it did not give out',
  async (_name, { method, path, security }) => {
    const started = await newWorld();
    const { ana, raw, asApp } = started;
    const place = await pathsOf(started);
    const headers = headersFor(ana, asApp.ana, security);
    const search = path === '/v1/users' ? '&search=a' : '';
    for (const cursor of ['x', 'null', 'W10', encoded([]), encoded(['other', 1]), encoded({}), encoded([null, '\0'])]) {
      const answer = await raw(method, `${place(path)}?cursor=${cursor}${search}`, { headers });
      expect(answer).toBeProblem(malformed);
    }
  },
);

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
