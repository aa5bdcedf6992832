import type { Server } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EventBus } from '../src/events/event-bus.js';
import { newDatabase } from './support/database.js';
import type { Person } from './support/person.js';
import { Proxy } from './support/proxy.js';
import { startServer } from './support/server.js';
import { statements } from './support/statements.js';
import { newWorld } from './support/world.js';
import { until } from './support/until.js';

/** Far less than any wait here, and more than an answer takes on a busy machine. */
const SOON_MS = 3_000;

afterEach(() => void jest.restoreAllMocks());

interface Timed {
  readonly texts: readonly string[];
  readonly ms: number;
}

/** A poll of what is unread, and how long it took. */
async function poll(person: Person, query: Parameters<Person['api']['listMessages']>[0] = {}): Promise<Timed> {
  const start = performance.now();
  const { items } = await person.api.listMessages({ read: false, order: 'oldest', ...query });
  return { texts: items.map(({ text }) => text), ms: performance.now() - start };
}

/** A few polls, so that everything about the caller and their conversations is known here. */
async function warm(person: Person): Promise<void> {
  for (let i = 0; i < 3; i++) expect((await poll(person)).texts).toEqual([]);
}

describe('with wait', () => {
  it('nothing is asked any more for a client that has gone', async () => {
    const { ana, ben, server } = await newWorld();
    await warm(ben);
    const connections = (): Promise<number> =>
      new Promise((resolve) => (server.app.getHttpServer() as Server).getConnections((_, count) => resolve(count)));
    const before = await connections();
    const path = '/v1/messages?read=false&wait=30';
    const headers = Object.entries({ Host: 'parley', ...ben.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    const gone = Array.from({ length: 20 }, () => net.connect(Number(new URL(server.url).port), '127.0.0.1'));
    for (const one of gone) one.write(`GET ${path} HTTP/1.1\r\n${headers.join('')}\r\n`);
    await until(async () => (await connections()) === before + gone.length);
    for (const one of gone) one.destroy();
    await until(async () => (await connections()) <= before);
    const here = ben.raw('GET', path);
    const asked = statements(server);
    await ana.sendTo(ben, 'hello');
    expect(JSON.parse((await here).text)).toMatchObject({ items: [{ text: 'hello' }] });
    const lists = asked.filter((name) => name.startsWith('messages.list'));
    expect(lists.length).toBeLessThan(5); // of the one who is there, now and while it is not sure; not of the twenty
  });

  it('a list that has something is answered at once', async () => {
    const { ana, ben } = await newWorld();
    await ana.sendTo(ben, 'hello');
    const { texts, ms } = await poll(ben, { wait: 20 });
    expect(texts).toEqual(['hello']);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it('an empty one is held until something comes: a message, a group with a message, what an unblocked one wrote', async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben);
    const comings: Record<string, () => Promise<unknown>> = {
      directly: () => ana.sendTo(ben, 'directly'),
      'in a group': () => ana.sendTo(group, 'in a group'),
      'in a new group': async () => cleo.sendTo(await cleo.createGroup('Sailing', ben), 'in a new group'),
    };
    for (const [text, come] of Object.entries(comings)) {
      const waiting = poll(ben, { wait: 20 });
      await sleep(100);
      await come();
      const { texts, ms } = await waiting;
      expect(texts).toEqual([text]);
      expect(ms).toBeLessThan(SOON_MS);
      await ben.read((await ben.api.listMessages({ read: false })).items[0]!);
    }

    await ben.block(ana);
    await ana.sendTo(group, 'hidden');
    const waiting = poll(ben, { wait: 20 });
    await sleep(100);
    await ben.unblock(ana);
    expect((await waiting).texts).toEqual(['hidden']);
  });

  it('an empty one is answered empty after that many seconds', async () => {
    const { ana, ben } = await newWorld();
    const group = await ana.createGroup('Rowing', ben);
    const waiting = poll(ben, { wait: 1 });
    await ben.sendTo(group, 'of one’s own');
    const { texts, ms } = await waiting;
    expect(texts).toEqual([]);
    expect(ms).toBeGreaterThan(990);
    expect(ms).toBeLessThan(1_000 + SOON_MS);
  });

  it('filters hold as well: it goes on waiting when something else comes', async () => {
    const { ana, ben, cleo } = await newWorld();
    const fromAna = poll(ben, { wait: 20, sender: ana.id });
    const sentByMe = ben.api.listMessages({ wait: 20, sender: ben.id });
    await sleep(100);
    await cleo.sendTo(ben, 'from Cleo');
    await ben.sendTo(cleo, 'from me');
    expect((await sentByMe).items.map(({ text }) => text)).toEqual(['from me']);
    await ana.sendTo(ben, 'from Ana');
    const { texts, ms } = await fromAna;
    expect(texts).toEqual(['from Ana']);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it('200 wait at once, and a server that stops answers them', async () => {
    const server = await startServer();
    const { ana, ben } = await newWorld({ on: server });
    let requests = 0;
    (server.app.getHttpServer() as Server).on('request', () => requests++);
    const waiting = Array.from({ length: 100 }, () => poll(ben, { wait: 30 }));
    const stopping = Array.from({ length: 100 }, () => poll(ana, { wait: 30 }));
    await until(() => requests === 200);
    await ana.sendTo(ben, 'hello');
    for (const { texts } of await Promise.all(waiting)) expect(texts).toEqual(['hello']);
    const stopped = server.stop();
    for (const { texts, ms } of await Promise.all(stopping)) {
      expect(texts).toEqual([]);
      expect(ms).toBeLessThan(2 * SOON_MS);
    }
    await stopped;
  });
});

describe('an empty poll', () => {
  it('has an ETag, and is not answered again while it is empty', async () => {
    const { ana, ben } = await newWorld();
    for (const path of ['/v1/messages?read=false', '/v1/messages?read=false&limit=10', '/v1/messages']) {
      const first = await ben.raw('GET', path);
      const etag = first.headers.get('ETag');
      expect(etag).toBeTruthy();
      const again = await ben.raw('GET', path, { headers: { 'If-None-Match': etag! } });
      expect([again.status, again.text, again.headers.get('ETag')]).toEqual([304, '', etag]);
    }
    await ana.sendTo(ben, 'hello');
    const headers = { 'If-None-Match': '"empty"' };
    const full = await ben.raw('GET', '/v1/messages?read=false', { headers });
    expect([full.status, full.headers.get('ETag')]).toEqual([200, null]);
  });

  it('asks nothing of PostgreSQL when it is known to be empty', async () => {
    const { ana, ben, server } = await newWorld();
    const group = await ana.createGroup('Rowing', ben);
    await ben.read(await ana.sendTo(group, 'read'));
    await warm(ben);
    const asked = statements(server);
    for (let i = 0; i < 20; i++) expect((await poll(ben)).texts).toEqual([]);
    expect(asked).toEqual([]);
    await ben.sendTo(group, 'of one’s own');
    asked.length = 0;
    expect((await poll(ben)).texts).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('is right again at once after whatever may put something into it', async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben, cleo);
    const changes: Record<string, () => Promise<unknown>> = {
      'a message': () => ana.sendTo(ben, 'a message'),
      'a message in a group': () => ana.sendTo(group, 'a message in a group'),
      'the first message of somebody new': () => cleo.sendTo(ben, 'the first message of somebody new'),
      'a message in a group one was just put into': async () => {
        const other = await ana.createGroup('Sailing');
        await ana.add(other, ben);
        await ana.sendTo(other, 'a message in a group one was just put into');
      },
      'a message after coming back': async () => {
        await ana.remove(group, ben);
        await ana.sendTo(group, 'while away');
        await ana.add(group, ben);
        await ana.sendTo(group, 'a message after coming back');
      },
      'what was hidden': async () => {
        await ben.block(cleo);
        await cleo.sendTo(group, 'what was hidden');
        await warm(ben);
        await ben.unblock(cleo);
      },
    };
    for (const [text, change] of Object.entries(changes)) {
      await warm(ben);
      await change();
      expect((await poll(ben)).texts).toEqual([text]);
      await ben.read((await ben.api.listMessages({ read: false })).items[0]!);
    }
  });
});

describe('with two copies on one database', () => {
  it('what comes through the other one ends a wait and is found by a poll, also while the bus is cut and after it', async () => {
    const database = await newDatabase();
    const proxy = await Proxy.before(database.url);
    const here = await startServer({ databaseUrl: database.url });
    const there = await startServer({ databaseUrl: database.url, databaseListenUrl: proxy.url });
    const { ana, ben: benHere } = await newWorld({ on: here });
    const api = benHere.api.with({ baseUrl: there.url });
    const ben = Object.assign(Object.create(benHere) as Person, { api });
    const comes = async (text: string): Promise<void> => {
      await ana.sendTo(ben, text);
      await until(async () => (await poll(ben)).texts.includes(text));
      await benHere.read((await api.listMessages({ read: false })).items[0]!);
    };
    try {
      await warm(ben);
      const waiting = poll(ben, { wait: 20 });
      await sleep(100);
      await ana.sendTo(ben, 'while it waits');
      expect(await waiting).toMatchObject({ texts: ['while it waits'] });
      await benHere.read((await api.listMessages({ read: false })).items[0]!);
      await comes('found');

      await warm(ben);
      const through = poll(ben, { wait: 20 });
      proxy.cut();
      await until(() => !there.app.get(EventBus).isHealthy());
      await ana.sendTo(ben, 'while the bus is cut');
      expect((await poll(ben)).texts).toEqual(['while the bus is cut']); // nothing is relied on
      expect((await through).texts).toEqual(['while the bus is cut']);
      await benHere.read((await api.listMessages({ read: false })).items[0]!);

      for (let i = 0; i < 5; i++) {
        await warm(ben);
        await ana.sendTo(ben, `missed ${i}`);
        proxy.mend();
        await until(() => there.app.get(EventBus).isHealthy());
        expect((await poll(ben)).texts).toEqual([`missed ${i}`]); // sure again, and nothing is missing
        await benHere.read((await api.listMessages({ read: false })).items[0]!);
        proxy.cut();
        await until(() => !there.app.get(EventBus).isHealthy());
      }
      proxy.mend();
      await until(() => there.app.get(EventBus).isHealthy());
      await comes('after it');
      await warm(ben);
      const asked = statements(there);
      await until(async () => {
        asked.length = 0;
        await poll(ben);
        return asked.length === 0;
      });
    } finally {
      await there.stop();
      await here.stop();
      await proxy.close();
      await database.drop();
    }
  }, 60_000);
});
