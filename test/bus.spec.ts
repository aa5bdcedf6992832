import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { EventBus, type AnyEvent, type EventMap } from '../src/events/event-bus.js';
import { isBestEffort, type EventName } from '../src/events/events.js';
import { PostgresTransport } from '../src/events/postgres.transport.js';
import { RedisTransport } from '../src/events/redis.transport.js';
import { newDatabase, type TestDatabase } from './support/database.js';
import { Proxy } from './support/proxy.js';
import { hasRedis, RedisServer } from './support/redis.js';
import { until } from './support/until.js';

Logger.overrideLogger(false);

/** Longer than any disturbance of a start is held back. */
const CALM_MS = 1600;
const ID = '0193f0e8-0000-7000-8000-00000000000a';
const membership = { conversationId: ID, membersVersion: 3, userIds: [ID] };

/** One of each event there is. */
const EVENTS: { [K in EventName]: EventMap[K] } = {
  'message.sent': {
    conversationId: ID,
    seq: 1,
    senderId: ID,
    text: '👋'.repeat(160),
    sentAt: '2026-11-23T10:00:00.000Z',
    clientMessageId: ID,
    membersVersion: 3,
  },
  'receipt.moved': { conversationId: ID, userId: ID, deliveredSeq: 9, readSeq: 8 },
  'typing.started': { conversationId: ID, userId: ID },
  'conversation.opened': membership,
  'members.joined': { ...membership, joinedSeq: 7, userIds: Array<string>(100).fill(ID) },
  'members.left': membership,
  'member.role-changed': membership,
  'group.renamed': { conversationId: ID },
  'group.deleted': { conversationId: ID },
  'block.changed': { blockerId: ID, blockedId: ID, blocked: true, blocksVersion: 4 },
  'user.changed': { userId: ID },
  'user.removed': { userId: ID },
  'sessions.ended': { userId: ID, sessionIds: [ID] },
  'key.revoked': { keyId: ID },
};
const events = Object.entries(EVENTS).map(([name, data]) => ({ name, data }) as AnyEvent);
const typing = (userId: string): AnyEvent => ({
  name: 'typing.started',
  data: { conversationId: ID, userId },
});
const changed = (userId: string): AnyEvent => ({ name: 'user.changed', data: { userId } });

/** One of several processes, as far as the bus is concerned. */
class Copy {
  readonly heard: AnyEvent[] = [];
  readonly disturbances: string[] = [];
  private quietSince = performance.now();

  private constructor(readonly bus: EventBus) {
    for (const name of Object.keys(EVENTS) as EventName[]) {
      bus.on(name, (data) => this.heard.push({ name, data } as AnyEvent));
    }
    bus.onPossibleLoss((reason) => {
      this.quietSince = performance.now();
      this.disturbances.push(reason);
    });
  }

  static async start(
    postgres: PostgresTransport = new PostgresTransport(database.url),
    redisUrl?: string,
  ): Promise<Copy> {
    const redis = redisUrl === undefined ? undefined : new RedisTransport(redisUrl, database.url);
    const copy = new Copy(new EventBus(redis ? { postgres, redis } : { postgres }));
    cleanUps.unshift(() => copy.stop());
    await copy.bus.onModuleInit();
    return copy;
  }

  stop(): Promise<void> {
    return this.bus.onApplicationShutdown();
  }

  /** Resolves when it has got over the disturbances of its start, of which the last is told after a second. */
  async calm(): Promise<void> {
    await until(() => performance.now() - this.quietSince > CALM_MS);
    this.disturbances.length = 0;
    this.heard.length = 0;
  }

  /** As the unit of work does. */
  async commit(some: readonly AnyEvent[], end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): Promise<void> {
    await db.query('BEGIN');
    await this.bus.prepare(some, db);
    await db.query(end);
    if (end === 'COMMIT') this.bus.publish(some);
  }

  /** Tells something, again and again, until the other hears it: from then on both have each other. */
  async reaches(other: Copy, event: AnyEvent = typing('are you there?')): Promise<void> {
    const before = other.heard.length;
    await until(() => {
      this.bus.publish([event]);
      return other.heard.length > before;
    });
  }

  names(): string[] {
    return this.heard.map(({ data }) => (data as { userId?: string }).userId ?? '');
  }
}

/** Two that know each other. */
async function two(redisUrl?: string): Promise<[Copy, Copy]> {
  const ana = await Copy.start(undefined, redisUrl);
  const ben = await Copy.start(undefined, redisUrl);
  await ana.reaches(ben);
  await ben.reaches(ana);
  await Promise.all([ana.calm(), ben.calm()]);
  return [ana, ben];
}

/** What goes over PostgreSQL's channel. */
async function overhear(): Promise<{ kind: string }[]> {
  const envelopes: { kind: string }[] = [];
  await db.query('LISTEN parley');
  db.on('notification', ({ payload }) => envelopes.push(JSON.parse(payload ?? '') as { kind: string }));
  return envelopes;
}

const LISTENERS = `FROM pg_stat_activity WHERE application_name = 'parley bus' AND datname = current_database()`;

let database: TestDatabase;
let db: pg.Client;
let cleanUps: (() => Promise<unknown>)[];

beforeEach(async () => {
  cleanUps = [];
  database = await newDatabase();
  cleanUps.unshift(() => database.drop());
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  cleanUps.unshift(() => db.end());
});
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

async function startRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  cleanUps.unshift(() => redis.stop());
  return redis;
}

const carriers = hasRedis ? (['PostgreSQL', 'Redis'] as const) : (['PostgreSQL'] as const);

describe.each(carriers)('over %s', (carrier) => {
  const redisUrl = async (): Promise<string | undefined> =>
    carrier === 'Redis' ? (await startRedis()).url : undefined;

  it('every event is heard by the other process as it was, and by its own once', async () => {
    const [ana, ben] = await two(await redisUrl());
    await ana.commit(events);
    await until(() => ben.heard.length >= events.length);
    await ben.commit([typing('the end'), changed('the end')]); // behind what ana would hear of her own
    await until(() => ana.names().filter((name) => name === 'the end').length === 2);
    const told = ({ heard }: Copy): AnyEvent[] =>
      heard
        .filter(({ data }) => !('userId' in data) || data.userId === ID)
        .toSorted((a, b) => a.name.localeCompare(b.name));
    const all = events.toSorted((a, b) => a.name.localeCompare(b.name));
    expect(told(ana)).toEqual(all);
    expect(told(ben)).toEqual(all);
    expect([ana.disturbances, ben.disturbances]).toEqual([[], []]);
  });

  it('many events from both sides arrive in order, none of them missed', async () => {
    const [ana, ben] = await two(await redisUrl());
    const some = (name: string): AnyEvent[] =>
      Array.from({ length: 50 }, (_, i) => ({
        name: 'message.sent',
        data: { ...EVENTS['message.sent'], senderId: name, seq: i },
      }));
    for (let round = 0; round < 100; round++) {
      ana.bus.publish(some('ana'));
      ben.bus.publish(some('ben'));
      await new Promise(setImmediate);
    }
    await until(() => ana.heard.length >= 10_000 && ben.heard.length >= 10_000);
    const seqs = (copy: Copy, sender: string): number[] =>
      copy.heard
        .map(({ data }) => data as EventMap['message.sent'])
        .filter(({ senderId }) => senderId === sender)
        .map(({ seq }) => seq);
    const expected = Array.from({ length: 100 }, () => Array.from({ length: 50 }, (_, i) => i)).flat();
    expect(seqs(ana, 'ben')).toEqual(expected);
    expect(seqs(ben, 'ana')).toEqual(expected);
    expect([ana.disturbances, ben.disturbances]).toEqual([[], []]);
  });

  it('what was published before the end is heard, then goodbye, and nobody is disturbed', async () => {
    const [ana, ben] = await two(await redisUrl());
    const last = Array.from({ length: 1000 }, (_, i) => typing(`last ${i}`));
    ana.bus.publish(last.slice(0, 500));
    ana.bus.publish(last.slice(500));
    await ana.stop();
    await until(() => ben.heard.length === 1000);
    await sleep(3500); // longer than a process may be silent
    expect(ben.disturbances).toEqual([]);
  });
});

it('a process alone sends nothing but beats, and PostgreSQL tells others what is rare', async () => {
  const envelopes = await overhear();
  const ana = await Copy.start();
  ana.bus.publish(events.filter(({ name }) => isBestEffort(name)));
  await ana.commit([changed('x')]);
  await until(() => envelopes.filter(({ kind }) => kind === 'beat').length >= 2);
  expect(envelopes.map(({ kind }) => kind)).toEqual(['hello', 'change', 'beat', 'beat']);
});

it('what is rolled back is told to nobody', async () => {
  const [ana, ben] = await two();
  await ana.commit([changed('rolled back')], 'ROLLBACK');
  await ana.commit([changed('committed')]);
  await until(() => ben.heard.length > 0);
  expect(ben.names()).toEqual(['committed']);
});

it('a connection that is killed comes back: a disturbance, and nothing is stuck', async () => {
  const [ana, ben] = await two();
  const since = ana.bus.healthySince();
  for (let i = 0; i < 3; i++) {
    const before = ana.disturbances.length;
    await db.query(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
    ana.bus.publish([typing('into the gap')]);
    await until(() => ana.disturbances.length > before && ben.disturbances.length > 0);
    await ana.reaches(ben);
    await ben.reaches(ana);
  }
  await until(() => ana.bus.isHealthy());
  expect(ana.bus.healthySince()).toBeGreaterThan(since!);
  await ana.commit([changed('rare')]);
  await until(() => ben.names().includes('rare'));
  const { rows } = await db.query(`SELECT pid ${LISTENERS}`);
  expect(rows).toHaveLength(2);
});

it('while PostgreSQL cannot be reached it is tried again and again; afterwards all is as before', async () => {
  const proxy = await Proxy.before(database.url);
  cleanUps.push(() => proxy.close());
  const ana = await Copy.start(new PostgresTransport(proxy.url));
  const ben = await Copy.start();
  await ana.reaches(ben);
  proxy.cut();
  await until(() => !ana.bus.isHealthy());
  const before = ana.disturbances.length;
  await until(() => ana.disturbances.length >= before + 2); // again and again while it lasts
  proxy.mend();
  await until(() => ana.bus.isHealthy());
  await ana.reaches(ben);
  await ben.reaches(ana);
});

it('a connection that goes silent without an end is noticed within a second and replaced', async () => {
  const proxy = await Proxy.before(database.url);
  cleanUps.push(() => proxy.close());
  const ana = await Copy.start(new PostgresTransport(proxy.url));
  const ben = await Copy.start();
  await ana.reaches(ben);
  proxy.silence();
  const silentAt = performance.now();
  let lastFresh = silentAt; // rather than when that was seen to be over, which a busy machine puts off
  await until(() => {
    if (!ana.bus.isHealthy()) return true;
    lastFresh = performance.now();
    return false;
  });
  expect(lastFresh - silentAt).toBeLessThan(1500);
  await until(() => ana.bus.isHealthy());
  await ana.reaches(ben);
  await ben.reaches(ana);
});

it('a notification that is lost is found within a beat', async () => {
  class Lossy extends PostgresTransport {
    isLossy = false;
    override send(envelopes: readonly string[]): Promise<void> {
      return this.isLossy ? Promise.resolve() : super.send(envelopes);
    }
  }
  const transport = new Lossy(database.url);
  const ana = await Copy.start(transport);
  const ben = await Copy.start();
  await ana.reaches(ben);
  await ben.calm();
  transport.isLossy = true;
  ana.bus.publish([typing('lost')]);
  transport.isLossy = false;
  await until(() => ben.disturbances.length > 0);
  expect(ben.disturbances[0]).toMatch(/^missed 1/);
  expect(ben.names()).not.toContain('lost');
});

it('a process that cannot listen to PostgreSQL does not start', async () => {
  const ana = Copy.start(new PostgresTransport('postgres://parley@127.0.0.1:1/parley'));
  await expect(ana).rejects.toThrow('ECONNREFUSED');
});

const withRedis = hasRedis ? it : it.skip;

withRedis('while Redis is stopped PostgreSQL carries all of it, and Redis again afterwards', async () => {
  const redis = await startRedis();
  const [ana, ben] = await two(redis.url);
  const envelopes = await overhear();
  await ana.reaches(ben);
  expect(envelopes.filter(({ kind }) => kind === 'batch')).toEqual([]);

  await redis.stop();
  await ana.reaches(ben);
  await ben.reaches(ana);
  await until(() => ana.disturbances.length > 0 && ben.disturbances.length > 0);
  expect(envelopes.some(({ kind }) => kind === 'batch')).toBe(true);
  expect(ana.bus.healthySince()).toBeDefined();

  await redis.start();
  await until(() => ana.bus.isHealthy() && ben.bus.isHealthy());
  let isOnRedis = false;
  while (!isOnRedis) {
    envelopes.length = 0;
    await ana.reaches(ben);
    await ben.reaches(ana);
    isOnRedis = !envelopes.some(({ kind }) => kind === 'batch');
  }
});

withRedis('a process starts without Redis and uses it once it is there', async () => {
  const redis = await startRedis();
  await redis.stop();
  const ana = await Copy.start(undefined, redis.url);
  const ben = await Copy.start(undefined, redis.url);
  await ana.reaches(ben);
  await redis.start();
  await until(() => ana.bus.isHealthy() && ben.bus.isHealthy());
  await ana.reaches(ben);
});

withRedis('a process without REDIS_URL hears the others all the same', async () => {
  const redis = await startRedis();
  const ana = await Copy.start(undefined, redis.url);
  const ben = await Copy.start();
  await ana.reaches(ben);
  await ben.reaches(ana);
});

withRedis('what is in flight when Redis is lost fails, instead of holding up what comes after', async () => {
  const redis = await startRedis();
  const transport = new RedisTransport(redis.url, database.url);
  cleanUps.unshift(() => transport.close());
  await new Promise<void>((up) => void transport.open({ up, down: () => undefined, received: () => undefined }));
  const sending = (async (): Promise<never> => {
    for (;;) await transport.send(['x']);
  })();
  await Promise.all([expect(sending).rejects.toThrow(), redis.stop()]); // it fails while Redis stops
});

withRedis('a Redis that goes silent without an end is replaced by PostgreSQL, and connected anew', async () => {
  const redis = await startRedis();
  const proxy = await Proxy.before(redis.url);
  cleanUps.push(() => proxy.close());
  const ana = await Copy.start(undefined, proxy.url);
  const ben = await Copy.start(undefined, redis.url);
  await until(() => ana.bus.isHealthy());
  await ana.reaches(ben);
  proxy.silence();
  await until(() => !ana.bus.isHealthy());
  await ana.reaches(ben);
  expect(ana.bus.healthySince()).toBeDefined();
  await until(() => ana.bus.isHealthy());
  await ana.reaches(ben);
  await ben.reaches(ana);
});
