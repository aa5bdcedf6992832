import { describe, expect, it } from '@jest/globals';
import type { Schemas } from '../sdk/src/index.js';
import { externalIdTaken, invalid, registrationClosed, userNotFound, usernameTaken } from '../src/common/problems.js';
import { newWorld } from './support/world.js';

const PASSWORD = 'correct horse battery';
const UNKNOWN_ID = '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f';

/** A name that nobody else in this file has. */
let names = 0;
const unique = (name: string): string => `${name}.x${++names}`;

describe('registering', () => {
  it('a registration accepts a username in any case, stores it in lower case and makes it the display name', async () => {
    const { anyone } = await newWorld();
    const username = unique('Maja');
    const user = await anyone.createUser({ username, password: PASSWORD });
    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      username: username.toLowerCase(),
      displayName: username.toLowerCase(),
      deleted: false,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const { user: me } = await anyone.createSession({ username: username.toUpperCase(), password: PASSWORD });
    expect(me).toEqual(user);
  });

  it("a registration is answered with 201 and the user's Location", async () => {
    const { raw, app } = await newWorld();
    const answer = await raw('POST', '/v1/users', {
      body: { username: unique('nina'), password: PASSWORD, displayName: 'Nina 🐟' },
    });
    expect(answer.status).toBe(201);
    const { id } = JSON.parse(answer.text) as Schemas['User'];
    expect(answer.headers.get('Location')).toBe(`/v1/users/${id}`);
    expect(await app.getUser({ address: id })).toMatchObject({ displayName: 'Nina 🐟' });
  });

  it.each([
    ['username', {}],
    ['username', { username: 'ab' }],
    ['username', { username: 'a'.repeat(33) }],
    ['username', { username: 'with space' }],
    ['username', { username: '.dot' }],
    ['username', { username: null }],
    ['username', { username: 5 }],
    ['password', { password: undefined }],
    ['password', { password: '1234567' }],
    ['password', { password: 'x'.repeat(257) }],
    ['password', { password: null }],
    ['displayName', { displayName: '' }],
    ['displayName', { displayName: ' \t ' }],
    ['displayName', { displayName: 'x'.repeat(81) }],
    ['displayName', { displayName: 'a\u0000b' }],
    ['displayName', { displayName: null }],
    ['externalId', { externalId: 'crm:1' }],
    ['admin', { admin: true }],
    ['__proto__', JSON.parse('{"__proto__": {"admin": true}}') as object],
  ])('is refused for its %s: %j', async (field, change) => {
    const { raw, counts } = await newWorld();
    const before = await counts();
    const body = { ...(field !== 'username' && { username: unique('bad') }), password: PASSWORD };
    for (const [key, value] of Object.entries(change)) Object.defineProperty(body, key, { value, enumerable: true });
    expect(await raw('POST', '/v1/users', { body })).toBeProblem(invalid, field);
    expect(await counts()).toEqual(before);
  });

  it('registration can be closed; an application creates users all the same', async () => {
    const { anyone, app } = await newWorld({ settings: { registration: 'closed' } });
    const wanted = { username: unique('late'), password: PASSWORD };
    await expect(anyone.createUser(wanted)).rejects.toBeProblem(registrationClosed);
    await app.createUser({ username: wanted.username });
  });

  it('of 50 concurrent registrations with one name, one succeeds', async () => {
    const { anyone, app } = await newWorld();
    const username = unique('rare');
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        i % 2
          ? app.createUser({ username })
          : anyone.createUser({ username: username.toUpperCase(), password: PASSWORD }),
      ),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toBeProblem(usernameTaken);
    }
  });
});

describe('users of an application', () => {
  it("an application's users need no name, and names are not unique", async () => {
    const { app } = await newWorld();
    const one = await app.createUser({});
    expect(one).toMatchObject({ displayName: `User ${one.id.slice(-4)}` });
    expect(one).not.toHaveProperty('username');
    const [two, three] = [await app.createUser({ displayName: 'Same' }), await app.createUser({ displayName: 'Same' })];
    expect(two.id).not.toBe(three.id);
  });

  it('an application cannot give a user a password', async () => {
    const { app } = await newWorld();
    await expect(app.createUser({ password: PASSWORD })).rejects.toBeProblem(invalid, 'password');
  });

  it("an application's user can have an externalId, which users do not see and cannot use as an address", async () => {
    const { app, ana } = await newWorld();
    const externalId = unique('crm:4711@shop');
    const user = await app.createUser({ externalId });
    expect(user.externalId).toBe(externalId);
    expect(await app.getUser({ address: `ext:${externalId}` })).toEqual(user);
    expect(await ana.api.getUser({ address: user.id })).not.toHaveProperty('externalId');
    await expect(ana.api.getUser({ address: `ext:${externalId}` })).rejects.toBeProblem(userNotFound);
    await expect(app.createUser({ externalId })).rejects.toBeProblem(externalIdTaken);
  });

  it('an application puts a user by externalId: created, then changed, and names that are not given stay', async () => {
    const { app, raw } = await newWorld();
    const externalId = unique('crm');
    const put = (body: object): ReturnType<typeof raw> =>
      raw('PUT', `/v1/users/ext%3A${externalId}`, {
        body,
        headers: { 'X-Api-Key': 'the-bootstrap-key-of-the-tests' },
      });
    const username = unique('olga');
    const created = await put({ username });
    const user = JSON.parse(created.text) as Schemas['User'];
    expect(created.status).toBe(201);
    expect(created.headers.get('Location')).toBe(`/v1/users/${user.id}`);
    expect(user).toMatchObject({ username, displayName: username, externalId });
    const changed = await put({ displayName: 'Olga' });
    expect(changed.status).toBe(200);
    expect(JSON.parse(changed.text)).toEqual({ ...user, displayName: 'Olga' });
    expect(JSON.parse((await put({})).text)).toEqual({ ...user, displayName: 'Olga' });
    await expect(app.putUser({ address: `ext:${unique('crm')}`, username })).rejects.toBeProblem(usernameTaken);
  });

  it('50 concurrent puts of one externalId make one user', async () => {
    const { app } = await newWorld();
    const address = `ext:${unique('crm')}`;
    const users = await Promise.all(
      Array.from({ length: 50 }, (_, i) => app.putUser({ address, displayName: `Copy ${i}` })),
    );
    expect(new Set(users.map(({ id }) => id)).size).toBe(1);
  });

  it.each(['@ana', UNKNOWN_ID, 'ext:', 'ext:a b', 'me'])('an application cannot put a user at %s', async (address) => {
    const { app } = await newWorld();
    await expect(app.putUser({ address, displayName: 'X' })).rejects.toBeProblem(invalid, 'address');
  });

  it('an application changes and removes its users, by any address', async () => {
    const { app } = await newWorld();
    const externalId = unique('crm');
    const { id } = await app.createUser({ externalId });
    const username = unique('Pia');
    expect(await app.updateUser({ address: `ext:${externalId}`, username })).toMatchObject({
      id,
      username: username.toLowerCase(),
    });
    await app.removeUser({ address: `@${username}` });
    await expect(app.removeUser({ address: id })).rejects.toBeProblem(userNotFound);
    await expect(app.updateUser({ address: id, displayName: 'X' })).rejects.toBeProblem(userNotFound);
  });
});

describe('looking up', () => {
  it('a user is found by id and by username, in any case, percent-encoded or not', async () => {
    const { ana, ben, raw } = await newWorld();
    for (const address of [ben.id, ben.id.toUpperCase(), ben.address, ben.address.toUpperCase()]) {
      expect(await ana.api.getUser({ address })).toMatchObject({ id: ben.id });
    }
    for (const path of [ben.address, `%40${ben.username}`, `%2540${ben.username}`]) {
      const { text } = await raw('GET', `/v1/users/${path}`, { headers: ana.headers });
      expect(JSON.parse(text)).toMatchObject({ id: ben.id, displayName: 'Ben' });
    }
  });

  it.each([UNKNOWN_ID, '@nobody.at.all', '@', 'nobody', 'ext:none', '@a%00b', '%', '1', `${UNKNOWN_ID}.1`])(
    'no user is found at %s',
    async (address) => {
      const { ana } = await newWorld();
      await expect(ana.api.getUser({ address })).rejects.toBeProblem(userNotFound);
    },
  );

  it('the caller is shown as me', async () => {
    const { ana, asApp } = await newWorld();
    const me = await ana.api.getMe();
    expect(me).toMatchObject({ id: ana.id, username: ana.username, displayName: 'Ana', deleted: false });
    expect(await asApp.ana.api.getMe()).toEqual(me);
  });
});

describe('renaming', () => {
  it('a rename changes the given names, is seen by others at once and frees the old username', async () => {
    const { ana, ben, app } = await newWorld();
    await ana.sendTo(ben, 'hello');
    const username = unique('anabel');
    expect(await ana.api.updateMe({ username: username.toUpperCase() })).toMatchObject({
      username,
      displayName: 'Ana',
    });
    expect(await ana.api.updateMe({ displayName: 'Ana B.' })).toMatchObject({ username, displayName: 'Ana B.' });
    expect(await ana.api.updateMe({})).toMatchObject({ username, displayName: 'Ana B.' });
    const [message] = await ben.messages();
    expect(message?.sender).toEqual({ id: ana.id, username, displayName: 'Ana B.', deleted: false });
    await expect(ben.api.getUser({ address: ana.address })).rejects.toBeProblem(userNotFound);
    await app.createUser({ username: ana.username });
  });

  it('a rename to a taken username is refused and changes nothing; one to the own name in another case is not', async () => {
    const { ana, ben } = await newWorld();
    const refused = ana.api.updateMe({ username: ben.username.toUpperCase(), displayName: 'X' });
    await expect(refused).rejects.toBeProblem(usernameTaken);
    expect(await ana.api.updateMe({ username: ana.username.toUpperCase() })).toMatchObject({ displayName: 'Ana' });
  });

  it.each([
    { username: null },
    { displayName: null },
    { displayName: '\ud800' },
    { id: UNKNOWN_ID },
    { deleted: true },
  ])('is refused: %j', async (body) => {
    const { ana } = await newWorld();
    expect(await ana.raw('PATCH', '/v1/users/me', { body })).toBeProblem(invalid, Object.keys(body)[0]);
  });

  it('a user cannot rename or remove another user', async () => {
    const { stranger, ana } = await newWorld();
    for (const method of ['PATCH', 'DELETE', 'PUT']) {
      const { status } = await stranger.raw(method, `/v1/users/${ana.id}`, {
        ...(method !== 'DELETE' && { body: {} }),
      });
      expect(status).toBe(403);
    }
    expect(await ana.api.getMe()).toMatchObject({ displayName: 'Ana' });
  });
});
