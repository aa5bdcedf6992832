import { expect, it } from '@jest/globals';
import { Parley, ParleyError, type HeldTokens } from '../sdk/src/index.js';
import { notSignedIn, recipientNotFound } from '../src/common/problems.js';
import { checkedFetch } from './support/checked-fetch.js';
import { newWorld } from './support/world.js';

/** A client of Ana with an expired access token, and the new tokens that it passed to its application. */
async function withExpired(): Promise<{ client: Parley; told: HeldTokens[]; refreshes: () => number }> {
  const { ana, app, server } = await newWorld();
  const { refreshToken } = await app.createUserSession({ address: ana.id });
  const told: HeldTokens[] = [];
  let refreshes = 0;
  const client = new Parley({
    baseUrl: server.url,
    tokens: { accessToken: 'expired', refreshToken },
    onTokens: (tokens) => told.push(tokens),
    fetch: (request) => {
      if (request.url.endsWith('/v1/sessions/refresh')) refreshes++;
      return checkedFetch(request);
    },
  });
  return { client, told, refreshes: () => refreshes };
}

it('an SDK client renews its tokens once, however many calls find them expired, and passes them to its application', async () => {
  const { client, told, refreshes } = await withExpired();
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.getMe()));
  expect(new Set(answers.map(({ displayName }) => displayName))).toEqual(new Set(['Ana']));
  expect(refreshes()).toBe(1);
  expect(told).toHaveLength(1);
  await client.getMe();
  expect(refreshes()).toBe(1);
});

it('an SDK client whose session has ended fails with the refusal, and tries once only', async () => {
  const { client, refreshes } = await withExpired();
  await client.endSession({ id: 'current' });
  await expect(client.getMe()).rejects.toBeProblem(notSignedIn);
  expect(refreshes()).toBe(2);
});

it('an SDK client without a refresh token fails with the refusal', async () => {
  const { server } = await newWorld();
  const client = new Parley({ baseUrl: server.url, accessToken: 'expired', fetch: checkedFetch });
  await expect(client.getMe()).rejects.toBeProblem(notSignedIn);
});

it('a refusal is an SDK error with status, code, detail, the request id and the refused fields', async () => {
  const { ana } = await newWorld();
  const error = await ana.sendTo('@nobody.at.all', 'Hello').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ParleyError);
  expect(error).toMatchObject({
    status: 404,
    code: recipientNotFound.code,
    detail: recipientNotFound.title,
    errors: [],
  });
  expect((error as ParleyError).requestId).toMatch(/^[0-9a-f-]{36}$/);
  await expect(ana.sendTo(ana, '')).rejects.toMatchObject({ code: 'invalid', errors: [{ field: 'text' }] });
});

it("the SDK's each goes through every page", async () => {
  const { ana, ben } = await newWorld();
  const texts = Array.from({ length: 7 }, (_, n) => `message ${n}`);
  for (const text of texts) await ana.sendTo(ben, text);
  const found: string[] = [];
  for await (const { text } of ben.api.each('listMessages', { order: 'oldest', limit: 3 })) found.push(text);
  expect(found).toEqual(texts);
});

it.each(['', '.', '..'])('the SDK refuses %j as an address, so that it never becomes another path', async (address) => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Trip', ben);
  await expect(ana.remove(group, address)).rejects.toThrow(TypeError);
  expect((await ana.api.getGroup({ id: group.id })).memberCount).toBe(2);
});

it('an SDK call can be aborted', async () => {
  const { ana } = await newWorld();
  await expect(ana.api.getMe({ signal: AbortSignal.abort() })).rejects.toThrow('aborted');
});

it('an SDK client of an application acts for one user in one call, and for another in the next', async () => {
  const { ana, ben, app } = await newWorld();
  expect((await app.getMe({ onBehalfOf: ana.id })).id).toBe(ana.id);
  expect((await app.getMe({ onBehalfOf: ben.address })).id).toBe(ben.id);
});
