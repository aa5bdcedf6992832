import { describe, expect, it } from '@jest/globals';
import { invalid, malformed } from '../src/common/problems.js';
import type { Parley } from '../sdk/src/index.js';
import { newWorld } from './support/world.js';

/** Usernames and display names of everyone that a search finds, over pages of this size. */
async function found(api: Parley, search: string, limit = 50): Promise<string[]> {
  const users: string[] = [];
  for await (const { username, displayName } of api.each('listUsers', { search, limit })) {
    users.push(`${username ?? ''}/${displayName}`);
  }
  return users;
}

describe('searching users', () => {
  it('a search finds the beginning of usernames, then of display names, in any case and each user once', async () => {
    const { ana, app } = await newWorld();
    for (const [username, displayName] of [
      ['zora', 'Zora Novak'],
      ['zoran', 'Zo'],
      ['kim', 'ZORRO'],
      ['ljuba', 'zora the second'],
      [undefined, 'Zorica'],
      ['xzora', 'Not Zora'],
    ]) {
      await app.createUser({ displayName: displayName!, ...(username && { username }) });
    }
    const expected = ['zora/Zora Novak', 'zoran/Zo', 'ljuba/zora the second', '/Zorica', 'kim/ZORRO'];
    for (const limit of [1, 2, 3, 4, 5, 6, 200]) expect(await found(ana.api, 'ZOr', limit)).toEqual(expected);
    expect(await found(ana.api, 'zora n')).toEqual(['zora/Zora Novak']);
    expect(await found(ana.api, 'zorak')).toEqual([]);
  });

  it('a search accepts letters of any alphabet and no wildcards', async () => {
    const { ana, app } = await newWorld();
    await app.createUser({ displayName: 'ŠĆEPAN' });
    await app.createUser({ displayName: '100% true' });
    await app.createUser({ username: 'under_score', displayName: 'Q' });
    expect(await found(ana.api, 'šć')).toEqual(['/ŠĆEPAN']);
    expect(await found(ana.api, '100%')).toEqual(['/100% true']);
    expect(await found(ana.api, '%')).toEqual([]);
    expect(await found(ana.api, '_')).toEqual([]);
    expect(await found(ana.api, 'under_')).toEqual(['under_score/Q']);
    expect(await found(ana.api, 'under%')).toEqual([]);
  });

  it('a search finds display names after thousands of usernames, on pages that may be short', async () => {
    const { ana, server, app } = await newWorld();
    await server.db.query(
      `INSERT INTO users (id, username, display_name)
       SELECT gen_random_uuid(), 'mass' || n, 'Mass ' || n FROM generate_series(10001, 12500) n`,
    );
    await app.createUser({ displayName: 'Massive' });
    const names = await found(ana.api, 'mass', 200);
    expect(names).toHaveLength(2501);
    expect(new Set(names).size).toBe(2501);
    expect(names.at(-1)).toBe('/Massive');
  });

  it('a search does not find removed users, or old names', async () => {
    const { ana, ben, app } = await newWorld();
    await app.updateUser({ address: ben.id, username: 'wanda', displayName: 'Wanda' });
    expect(await found(ana.api, 'wanda')).toEqual(['wanda/Wanda']);
    await app.removeUser({ address: ben.id });
    expect(await found(ana.api, 'wanda')).toEqual([]);
    expect(await found(ana.api, 'deleted')).toEqual([]);
  });

  it('a search shows externalIds to applications, and not to users', async () => {
    const { ana, app } = await newWorld();
    await app.createUser({ externalId: 'crm:search', displayName: 'Quentin' });
    expect((await app.listUsers({ search: 'quen' })).items).toMatchObject([{ externalId: 'crm:search' }]);
    expect((await ana.api.listUsers({ search: 'quen' })).items[0]).not.toHaveProperty('externalId');
  });

  it('a search without a text is refused, unless an application lists all users', async () => {
    const { ana, asApp, app } = await newWorld();
    await expect(ana.api.listUsers()).rejects.toBeProblem(invalid, 'search');
    await expect(asApp.ana.api.listUsers()).rejects.toBeProblem(invalid, 'search');
    const { id } = await app.createUser({ displayName: 'Gone' });
    await app.removeUser({ address: id });
    const ids: string[] = [];
    for await (const user of app.each('listUsers', { limit: 3 })) ids.push(user.id);
    expect(ids).toEqual(ids.toSorted());
    expect(ids).toContain(ana.id);
    expect(ids).not.toContain(id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('a search by a user finds the exact username only, with USER_SEARCH=exact', async () => {
    const { ana, ben, app } = await newWorld({ settings: { userSearch: 'exact' } });
    for (const search of [ben.username.slice(0, -1), 'Ben', '@ben', 'b', `${ben.username}%`]) {
      expect(await found(ana.api, search)).toEqual([]);
    }
    expect(await found(ana.api, ben.username.toUpperCase())).toEqual([`${ben.username}/Ben`]);
    expect(await found(app, ben.username.slice(0, -1))).toEqual([`${ben.username}/Ben`]);
  });

  it.each([
    'search=',
    'search=%20',
    'search=a%00',
    `search=${'x'.repeat(81)}`,
    'search=a&limit=0',
    'search=a&limit=201',
    'q=a',
  ])('a search is refused: %s', async (query) => {
    const { ana } = await newWorld();
    expect(await ana.raw('GET', `/v1/users?${query}`)).toBeProblem(invalid);
  });

  it.each([
    'x',
    'WzFd',
    Buffer.from(JSON.stringify(['us1', 'username', 'a\u0000', '00000000-0000-0000-0000-000000000000'])).toString(
      'base64url',
    ),
    Buffer.from(JSON.stringify(['us1', 'other', 'a', '00000000-0000-0000-0000-000000000000'])).toString('base64url'),
    Buffer.from(JSON.stringify(['us1', 'displayName', 'a', 'no id'])).toString('base64url'),
    Buffer.from(JSON.stringify(['u1', '00000000-0000-0000-0000-000000000000'])).toString('base64url'),
  ])('refuses the cursor %s', async (cursor) => {
    const { ana } = await newWorld();
    await expect(ana.api.listUsers({ search: 'a', cursor })).rejects.toBeProblem(malformed);
  });
});
