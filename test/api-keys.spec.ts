import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Parley, Schemas } from '../sdk/src/index.js';
import { apiKeyNotFound, forbidden, invalid, malformed, notSignedIn } from '../src/common/problems.js';
import { newWorld, type World } from './support/world.js';

type Scope = Schemas['ApiKey']['scopes'][number];

async function keyWith({ app, anyone }: World, ...scopes: Scope[]): Promise<{ id: string; key: string; as: Parley }> {
  const { id, key } = await app.createApiKey({ name: scopes.join(), scopes });
  return { id, key, as: anyone.with({ apiKey: key }) };
}

describe('API keys', () => {
  it('an API key is shown when it is created, and never again', async () => {
    const { app, raw, server } = await newWorld();
    const answer = await raw('POST', '/v1/api-keys', {
      body: { name: 'shop', scopes: ['act', 'users'] },
      headers: { 'X-Api-Key': 'the-bootstrap-key-of-the-tests' },
    });
    const { key, ...rest } = JSON.parse(answer.text) as Schemas['CreatedApiKey'];
    expect(answer.status).toBe(201);
    expect(answer.headers.get('Location')).toBe(`/v1/api-keys/${rest.id}`);
    expect(key).toMatch(/^parley_[\w-]{43}$/);
    expect(rest).toMatchObject({ name: 'shop', scopes: ['act', 'users'] });
    const { items } = await app.listApiKeys();
    expect(items[0]).toEqual(rest);
    const { rows } = await server.db.query<{ key_hash: string }>('SELECT * FROM api_keys WHERE id = $1', [rest.id]);
    expect(rows[0]!.key_hash).toBe(createHash('sha256').update(key).digest('base64url'));
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  it('API keys are listed newest first, over pages, with their last use', async () => {
    const world = await newWorld();
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.unshift((await keyWith(world, 'admin')).id);
    const { id, as } = await keyWith(world, 'admin');
    const listed: Schemas['ApiKey'][] = [];
    for await (const key of as.each('listApiKeys', { limit: 2 })) listed.push(key);
    expect(listed.slice(0, 4).map((key) => key.id)).toEqual([id, ...made]);
    expect(listed[0]!.lastUsedAt).toBeDefined();
    expect(listed[1]!.lastUsedAt).toBeUndefined();
    await expect(as.listApiKeys({ cursor: 'x' })).rejects.toBeProblem(malformed);
  });

  it('a revoked API key is refused at once', async () => {
    const world = await newWorld();
    const { id, as } = await keyWith(world, 'act', 'users');
    await as.listUsers();
    await as.with({ onBehalfOf: world.ana.id }).getMe();
    await world.app.revokeApiKey({ id: id.toUpperCase() });
    await expect(as.listUsers()).rejects.toBeProblem(notSignedIn);
    await expect(as.with({ onBehalfOf: world.ana.id }).getMe()).rejects.toBeProblem(notSignedIn);
    const revokedAt = async (): Promise<string | undefined> =>
      (await world.app.listApiKeys()).items.find((key) => key.id === id)?.revokedAt;
    const first = await revokedAt();
    expect(first).toBeDefined();
    await world.app.revokeApiKey({ id });
    expect(await revokedAt()).toBe(first);
  });

  it.each([randomUUID(), 'bootstrap', 'nothing'])('no API key can be revoked at %s', async (id) => {
    const { app } = await newWorld();
    await expect(app.revokeApiKey({ id })).rejects.toBeProblem(apiKeyNotFound);
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(81) }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: ['all'] }],
    ['scopes', { scopes: ['act', 'act'] }],
    ['scopes', { scopes: 'act' }],
    ['scopes', { scopes: undefined }],
    ['key', { key: 'mine' }],
  ])('are refused for their %s: %j', async (field, change) => {
    const { raw, counts } = await newWorld();
    const before = await counts();
    const body = { name: 'shop', scopes: ['act'], ...change };
    const headers = { 'X-Api-Key': 'the-bootstrap-key-of-the-tests' };
    expect(await raw('POST', '/v1/api-keys', { body, headers })).toBeProblem(invalid, field);
    expect(await counts()).toEqual(before);
  });

  it('API keys are managed only by applications with the scope admin', async () => {
    const world = await newWorld();
    const { id, as } = await keyWith(world, 'act', 'users');
    for (const api of [as, as.with({ onBehalfOf: world.ana.id }), world.ana.api]) {
      await expect(api.listApiKeys()).rejects.toBeProblem(forbidden);
      await expect(api.createApiKey({ name: 'more', scopes: ['admin'] })).rejects.toBeProblem(forbidden);
      await expect(api.revokeApiKey({ id })).rejects.toBeProblem(forbidden);
    }
    await expect(world.anyone.listApiKeys()).rejects.toBeProblem(notSignedIn);
    await as.listUsers();
  });

  it('an API key allows what its scopes say, and nothing else', async () => {
    const world = await newWorld();
    const { ana, ben } = world;
    const [act, users, both, admin] = await Promise.all(
      [['act'], ['users'], ['act', 'users'], ['admin']].map(
        async (scopes) => (await keyWith(world, ...(scopes as Scope[]))).as,
      ),
    );
    const calls: Record<string, (api: Parley) => Promise<unknown>> = {
      send: (api) => api.with({ onBehalfOf: ana.id }).sendMessage({ recipient: ben.id, text: 'hi' }),
      'find a user for a user': (api) => api.with({ onBehalfOf: ana.id }).getUser({ address: ben.id }),
      'find a user': (api) => api.getUser({ address: ben.id }),
      'list users': (api) => api.listUsers(),
      'create a user': (api) => api.createUser({}),
      'rename a user': (api) => api.updateUser({ address: ben.id, displayName: 'Ben' }),
      'give a session': (api) => api.createUserSession({ address: ben.id }),
      'rename for a user': (api) => api.with({ onBehalfOf: ana.id }).updateMe({ displayName: 'Ana' }),
      'list sessions of a user': (api) => api.with({ onBehalfOf: ana.id }).listSessions(),
      'list keys': (api) => api.listApiKeys(),
    };
    const allowed = async (api: Parley): Promise<string[]> => {
      const names: string[] = [];
      for (const [name, call] of Object.entries(calls)) {
        const refusal: unknown = await call(api).then(
          () => names.push(name),
          (error: unknown) => error,
        );
        if (!names.includes(name)) expect(refusal).toBeProblem(forbidden);
      }
      return names;
    };
    expect(await allowed(act!)).toEqual(['send', 'find a user for a user']);
    expect(await allowed(users!)).toEqual(['find a user', 'list users', 'create a user', 'rename a user']);
    expect(await allowed(both!)).toEqual(Object.keys(calls).filter((name) => name !== 'list keys'));
    expect(await allowed(admin!)).toEqual(['list keys']);
  });
});
