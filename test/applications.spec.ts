import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  actingUserNotFound,
  ambiguousCredentials,
  forbidden,
  notSignedIn,
  onBehalfOfRequired,
  userNotFound,
} from '../src/common/problems.js';
import { newWorld } from './support/world.js';

const KEY = { 'X-Api-Key': 'the-bootstrap-key-of-the-tests' };

describe('an application that acts for a user', () => {
  it('an application sends and reads for a user, by any address of the user', async () => {
    const { app, ana, ben } = await newWorld();
    const externalId = `crm:${randomUUID()}`;
    const cem = await app.createUser({ displayName: 'Cem', externalId });
    for (const onBehalfOf of [cem.id, cem.id.toUpperCase(), `ext:${externalId}`]) {
      const message = await app.with({ onBehalfOf }).sendMessage({ recipient: ana.id, text: 'from Cem' });
      expect(message.sender).toMatchObject({ id: cem.id, displayName: 'Cem' });
    }
    expect(await ana.unread()).toEqual(['from Cem', 'from Cem', 'from Cem']);
    await app
      .with({ onBehalfOf: ben.address.toUpperCase() })
      .sendMessage({ recipient: `ext:${externalId}`, text: 'to Cem' });
    const { items } = await app.with({ onBehalfOf: `ext:${externalId}` }).listMessages({ sender: ben.address });
    expect(items).toMatchObject([{ text: 'to Cem', sender: { id: ben.id } }]);
  });

  it('an application that acts for no user is refused where a user is needed', async () => {
    const { app, raw } = await newWorld();
    await expect(app.getMe()).rejects.toBeProblem(onBehalfOfRequired);
    await expect(app.listMessages()).rejects.toBeProblem(onBehalfOfRequired);
    const answer = await raw('POST', '/v1/messages', { body: { recipient: '@x', text: 'hi' }, headers: KEY });
    expect(answer).toBeProblem(onBehalfOfRequired);
  });

  it.each(['', ' ', 'ana', '@nobody.at.all', 'ext:nobody', randomUUID(), '@ana;', '%', '\u00ff'])(
    'an application cannot act for "%s"',
    async (address) => {
      const { raw } = await newWorld();
      const headers = { ...KEY, 'On-Behalf-Of': address };
      expect(await raw('GET', '/v1/users/me', { headers })).toBeProblem(actingUserNotFound);
    },
  );

  it('a request with an API key and a token is refused', async () => {
    const { ana, raw } = await newWorld();
    for (const path of ['/v1/users/me', '/v1/users?search=an', '/v1/api-keys']) {
      const answer = await raw('GET', path, { headers: { ...KEY, ...ana.headers } });
      expect(answer).toBeProblem(ambiguousCredentials);
    }
    const body = { username: 'twice', password: 'correct horse battery' };
    const headers = { ...KEY, ...ana.headers };
    expect(await raw('POST', '/v1/users', { body, headers })).toBeProblem(ambiguousCredentials);
  });

  it.each(['', 'x', 'the-bootstrap-key-of-the-test', 'the-bootstrap-key-of-the-tests2', 'parley_nothing'])(
    'the API key "%s" is refused, on a public route too',
    async (key) => {
      const { ana, raw } = await newWorld();
      const headers = { 'X-Api-Key': key, 'On-Behalf-Of': ana.id };
      expect(await raw('GET', '/v1/users/me', { headers })).toBeProblem(notSignedIn);
      const body = { username: 'public', password: 'correct horse battery' };
      expect(await raw('POST', '/v1/users', { body, headers })).toBeProblem(notSignedIn);
    },
  );

  it('an application cannot act for a removed user, also if another user gets the externalId', async () => {
    const { app } = await newWorld();
    const onBehalfOf = `ext:crm:${randomUUID()}`;
    const acting = app.with({ onBehalfOf });
    const first = await app.putUser({ address: onBehalfOf, displayName: 'First' });
    expect(await acting.getMe()).toMatchObject({ id: first.id });
    await acting.removeMe();
    await expect(acting.getMe()).rejects.toBeProblem(actingUserNotFound);
    await expect(app.with({ onBehalfOf: first.id }).getMe()).rejects.toBeProblem(actingUserNotFound);
    const second = await app.putUser({ address: onBehalfOf, displayName: 'Second' });
    expect(await acting.getMe()).toMatchObject({ id: second.id, displayName: 'Second' });
  });

  it('an application that acts for a username acts for the user who has it now', async () => {
    const { app, ana, ben } = await newWorld();
    const acting = app.with({ onBehalfOf: ana.address });
    expect(await acting.getMe()).toMatchObject({ id: ana.id });
    await app.updateUser({ address: ana.id, username: `${ana.username}.old` });
    await expect(acting.getMe()).rejects.toBeProblem(actingUserNotFound);
    await app.updateUser({ address: ben.id, username: ana.username });
    expect(await acting.getMe()).toMatchObject({ id: ben.id });
  });

  it('an application renames and removes a user, and lists and ends their sessions', async () => {
    const { asApp, ana } = await newWorld();
    expect(await asApp.ana.api.updateMe({ displayName: 'Ana K.' })).toMatchObject({ displayName: 'Ana K.' });
    const { items } = await asApp.ana.api.listSessions();
    expect(items).toMatchObject([{ current: false }]);
    await asApp.ana.api.endSession({ id: items[0]!.id });
    await expect(ana.api.getMe()).rejects.toBeProblem(notSignedIn);
    await asApp.ana.api.removeMe();
    await expect(asApp.ana.api.getMe()).rejects.toBeProblem(actingUserNotFound);
  });

  it('an application that acts for a user finds other users by its own ids', async () => {
    const { app, asApp } = await newWorld();
    const externalId = `crm:${randomUUID()}`;
    await app.createUser({ externalId });
    expect(await asApp.ana.api.getUser({ address: `ext:${externalId}` })).toMatchObject({ externalId });
  });
});

describe("an application's users", () => {
  it('a user with a session that an application opened calls by themselves', async () => {
    const { app, anyone } = await newWorld();
    const externalId = `crm:${randomUUID()}`;
    const user = await app.createUser({ externalId });
    const tokens = await app.createUserSession({ address: `ext:${externalId}` });
    expect(tokens.user).toEqual({ ...user, externalId: undefined });
    const me = anyone.with({ tokens });
    expect(await me.getMe()).toEqual(tokens.user);
    await anyone.refreshSession({ refreshToken: tokens.refreshToken });
    await app.removeUser({ address: `ext:${externalId}` });
    await expect(app.createUserSession({ address: user.id })).rejects.toBeProblem(userNotFound);
  });

  it("a user cannot use an application's routes, nor act for others", async () => {
    const { ana, ben } = await newWorld();
    await expect(ana.api.createUserSession({ address: ana.id })).rejects.toBeProblem(forbidden);
    await expect(ana.api.removeUser({ address: ben.id })).rejects.toBeProblem(forbidden);
    await expect(ana.api.putUser({ address: 'ext:mine' })).rejects.toBeProblem(forbidden);
    const answer = await ana.raw('GET', '/v1/users/me', { headers: { 'On-Behalf-Of': ben.id } });
    expect(answer).toBeProblem(forbidden);
  });
});
