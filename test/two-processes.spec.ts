import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Parley } from '../sdk/src/index.js';
import { actingUserNotFound, notSignedIn } from '../src/common/problems.js';
import { poolOfServer } from './support/pool.js';
import { EventBus } from '../src/events/event-bus.js';
import { newDatabase, type TestDatabase } from './support/database.js';
import { Proxy } from './support/proxy.js';
import { startServer, type TestServer } from './support/server.js';
import { newWorld, type World } from './support/world.js';
import { until } from './support/until.js';

/** How long the other process may accept a caller whose access has ended here, and some time for a busy machine. */
const LIMIT_MS = 1000 + 300;
const POLL_MS = 5;

/** Two processes on one database. The bus of the other one goes through `proxy`. */
let here: TestServer;
let there: TestServer;
let database: TestDatabase;
let proxy: Proxy;
let world: World;

beforeAll(async () => {
  database = await newDatabase();
  proxy = await Proxy.before(database.url);
  here = await startServer({ databaseUrl: database.url });
  there = await startServer({ databaseUrl: database.url, databaseListenUrl: proxy.url });
});

afterEach(async () => {
  jest.restoreAllMocks();
  proxy.mend();
  await until(() => there.app.get(EventBus).isHealthy());
});

/** After that of ./support/server.js, which closes both. */
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

/** The same caller, calling the other process. */
const atOther = (api: Parley): Parley => api.with({ baseUrl: there.url });

/** Calls until a call is refused. A call that begins more than a second later must not succeed, however long it takes. */
async function expectRefused(call: () => Promise<unknown>, kind = notSignedIn): Promise<void> {
  const from = performance.now();
  let lastAccepted = from;
  const refusal = await (async (): Promise<unknown> => {
    for (;;) {
      const startedAt = performance.now();
      try {
        await call();
      } catch (error) {
        return error;
      }
      lastAccepted = startedAt;
      await sleep(POLL_MS);
    }
  })();
  expect(lastAccepted - from).toBeLessThan(LIMIT_MS);
  expect(refusal).toBeProblem(kind);
}

/** Counts look-ups of sessions, keys and acting users in the other process from now on; not the queries of the route itself. */
function lookUps(): () => number {
  const names = ['sessions.user-of', 'api-keys.by-hash', 'users.by-id'];
  const query = jest.spyOn(poolOfServer(there), 'query');
  return () =>
    query.mock.calls.filter(([statement]) => names.includes((statement as { name?: string }).name ?? '')).length;
}

/** A caller that the other process has cached, by token, key or acting user; and what ends its access. */
const ENDINGS: Record<string, () => Promise<() => Promise<void>>> = {
  'an ended session': async () => {
    const api = atOther(world.ana.api);
    await api.listGroups();
    return async () => {
      await world.ana.api.endSession({ id: 'current' });
      await expectRefused(() => api.listGroups());
    };
  },
  'the session of a removed user': async () => {
    const api = atOther(world.ana.api);
    await api.listGroups();
    return async () => {
      await world.ana.api.removeMe();
      await expectRefused(() => api.listGroups());
    };
  },
  'a removed user for whom an application acts': async () => {
    const api = atOther(world.asApp.ben.api);
    await api.listGroups();
    return async () => {
      await world.app.removeUser({ address: world.ben.id });
      await expectRefused(() => api.listGroups(), actingUserNotFound);
    };
  },
  'a revoked key': async () => {
    const { id, key } = await world.app.createApiKey({ name: 'shop', scopes: ['act'] });
    const api = world.anyone.with({ baseUrl: there.url, apiKey: key, onBehalfOf: world.ana.id });
    await api.listGroups();
    return async () => {
      await world.app.revokeApiKey({ id });
      await expectRefused(() => api.listGroups());
    };
  },
  'a session from before the password was changed': async () => {
    const login = { username: `eve.${performance.now()}`, password: 'correct horse' };
    await world.anyone.createUser(login);
    const [first, second] = await Promise.all([world.anyone.createSession(login), world.anyone.createSession(login)]);
    const api = world.anyone.with({ baseUrl: there.url, accessToken: first.accessToken });
    await api.listGroups();
    return async () => {
      const own = world.anyone.with({ accessToken: second.accessToken });
      await own.changePassword({ currentPassword: login.password, newPassword: 'battery staple' });
      await expectRefused(() => api.listGroups());
    };
  },
};

/** What happens to the bus right before. */
const TROUBLES: Record<string, () => void> = {
  '': () => undefined,
  ', also if its bus was just cut': () => proxy.cut(),
  ', also if its bus has gone silent': () => proxy.silence(),
};

describe.each(Object.entries(TROUBLES))(
  'the other process refuses a caller within a second%s',
  (situation, trouble) => {
    it.each(Object.entries(ENDINGS))(`the other process refuses %s within a second${situation}`, async (_, prepare) => {
      world = await newWorld({ on: here });
      const end = await prepare();
      trouble();
      await end();
    });
  },
);

it('a cached caller costs no look-up', async () => {
  const { ana, asApp } = await newWorld({ on: here });
  const apis = [atOther(ana.api), atOther(asApp.ben.api)];
  await Promise.all(apis.map((api) => api.listGroups()));
  const count = lookUps();
  for (let i = 0; i < 20; i++) await Promise.all(apis.map((api) => api.listGroups()));
  expect(count()).toBe(0);
});

it('while its bus is cut, a process looks up a cached caller at most once a second, and once afterwards', async () => {
  const { ana } = await newWorld({ on: here });
  const api = atOther(ana.api);
  await api.listGroups();
  const count = lookUps();
  proxy.cut();
  const from = performance.now();
  while (performance.now() - from < 2500) await api.listGroups();
  const seconds = (performance.now() - from) / 1000;
  expect(count()).toBeGreaterThan(0);
  expect(count()).toBeLessThanOrEqual(Math.ceil(seconds));
  proxy.mend();
  await until(() => there.app.get(EventBus).isHealthy());
  await api.listGroups(); // once more: something may have been missed meanwhile
  const before = count();
  for (let i = 0; i < 20; i++) await api.listGroups();
  expect(count()).toBe(before);
});

it('a name that changes in one process changes in the other at once', async () => {
  const { ana, ben } = await newWorld({ on: here });
  await ana.sendTo(ben, 'hello');
  const senders = async (): Promise<string[]> =>
    (await atOther(ben.api).listMessages({ read: false })).items.map(({ sender }) => sender.displayName);
  expect(await senders()).toEqual(['Ana']);
  await ana.api.updateMe({ displayName: 'Anna' });
  let names: string[] = [];
  while (names[0] !== 'Anna') names = await senders();
});

it('a list that waits in one process gets a message from the other at once, or soon if the bus is cut', async () => {
  const { ana, ben } = await newWorld({ on: here });
  const waiting = atOther(ben.api);
  const waits = async (text: string): Promise<void> => {
    const answer = waiting.listMessages({ read: false, wait: 15 });
    const sent = await ana.sendTo(ben, text);
    expect((await answer).items.map((message) => message.text)).toEqual([text]);
    await ben.read(sent);
  };
  await waits('first'); // opens the conversation
  await waits('second');
  proxy.cut();
  await waits('third');
});
