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

/** Longer than a process that has started takes to report its last possible loss. */
const STARTED_MS = 1600;
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

/** The bus of one of several processes. */
class BusProcess {
  readonly received: AnyEvent[] = [];
  readonly possibleLosses: string[] = [];
  private lastLossAt = performance.now();

  private constructor(readonly bus: EventBus) {
    for (const name of Object.keys(EVENTS) as EventName[]) {
      bus.on(name, (data) => this.received.push({ name, data } as AnyEvent));
    }
    bus.onPossibleLoss((reason) => {
      this.lastLossAt = performance.now();
      this.possibleLosses.push(reason);
    });
  }

  static async start(
    postgres: PostgresTransport = new PostgresTransport(database.url),
    redisUrl?: string,
  ): Promise<BusProcess> {
    const redis = redisUrl === undefined ? undefined : new RedisTransport(redisUrl, database.url);
    const node = new BusProcess(new EventBus(redis ? { postgres, redis } : { postgres }));
    cleanUps.unshift(() => node.stop());
    await node.bus.onModuleInit();
    return node;
  }

  stop(): Promise<void> {
    return this.bus.onApplicationShutdown();
  }

  /** Resolves after the possible losses of its start, the last of which is reported after a second. */
  async afterStart(): Promise<void> {
    await until(() => performance.now() - this.lastLossAt > STARTED_MS);
    this.possibleLosses.length = 0;
    this.received.length = 0;
  }

  /** Like the unit of work. */
  async commit(some: readonly AnyEvent[], end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): Promise<void> {
    await db.query('BEGIN');
    await this.bus.prepare(some, db);
    await db.query(end);
    if (end === 'COMMIT') this.bus.publish(some);
  }

  /** Publishes an event repeatedly until the other receives it: from then on the other is a peer. */
  async reaches(other: BusProcess, event: AnyEvent = typing('are you there?')): Promise<void> {
    const before = other.received.length;
    await until(() => {
      this.bus.publish([event]);
      return other.received.length > before;
    });
  }

  names(): string[] {
    return this.received.map(({ data }) => (data as { userId?: string }).userId ?? '');
  }
}

/** Two processes that are peers. */
async function two(redisUrl?: string): Promise<[BusProcess, BusProcess]> {
  const ana = await BusProcess.start(undefined, redisUrl);
  const ben = await BusProcess.start(undefined, redisUrl);
  await ana.reaches(ben);
  await ben.reaches(ana);
  await Promise.all([ana.afterStart(), ben.afterStart()]);
  return [ana, ben];
}

/** The envelopes on PostgreSQL's channel from now on. */
async function listenToEnvelopes(): Promise<{ kind: string }[]> {
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

const transports = hasRedis ? (['PostgreSQL', 'Redis'] as const) : (['PostgreSQL'] as const);

describe.each(transports)('over %s', (transport) => {
  const redisUrl = async (): Promise<string | undefined> =>
    transport === 'Redis' ? (await startRedis()).url : undefined;

  it(`over ${transport}, every event reaches the other process unchanged, and its own process once`, async () => {
    const [ana, ben] = await two(await redisUrl());
    await ana.commit(events);
    await until(() => ben.received.length >= events.length);
    await ben.commit([typing('the end'), changed('the end')]); // after every event of her own that ana could receive
    await until(() => ana.names().filter((name) => name === 'the end').length === 2);
    const sorted = ({ received }: BusProcess): AnyEvent[] =>
      received
        .filter(({ data }) => !('userId' in data) || data.userId === ID)
        .toSorted((a, b) => a.name.localeCompare(b.name));
    const all = events.toSorted((a, b) => a.name.localeCompare(b.name));
    expect(sorted(ana)).toEqual(all);
    expect(sorted(ben)).toEqual(all);
    expect([ana.possibleLosses, ben.possibleLosses]).toEqual([[], []]);
  });

  it(`over ${transport}, 10,000 events from each of two processes arrive in order, and none is lost`, async () => {
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
    await until(() => ana.received.length >= 10_000 && ben.received.length >= 10_000);
    const seqs = (node: BusProcess, sender: string): number[] =>
      node.received
        .map(({ data }) => data as EventMap['message.sent'])
        .filter(({ senderId }) => senderId === sender)
        .map(({ seq }) => seq);
    const expected = Array.from({ length: 100 }, () => Array.from({ length: 50 }, (_, i) => i)).flat();
    expect(seqs(ana, 'ben')).toEqual(expected);
    expect(seqs(ben, 'ana')).toEqual(expected);
    expect([ana.possibleLosses, ben.possibleLosses]).toEqual([[], []]);
  });

  it(`over ${transport}, a process that stops sends its last events and peerDown, and causes no possible loss`, async () => {
    const [ana, ben] = await two(await redisUrl());
    const last = Array.from({ length: 1000 }, (_, i) => typing(`last ${i}`));
    ana.bus.publish(last.slice(0, 500));
    ana.bus.publish(last.slice(500));
    await ana.stop();
    await until(() => ben.received.length === 1000);
    await sleep(3500); // longer than a process may be silent
    expect(ben.possibleLosses).toEqual([]);
  });
});

it('a process without peers sends heartbeats only, and its transactional events', async () => {
  const envelopes = await listenToEnvelopes();
  const ana = await BusProcess.start();
  ana.bus.publish(events.filter(({ name }) => isBestEffort(name)));
  await ana.commit([changed('x')]);
  await until(() => envelopes.filter(({ kind }) => kind === 'beat').length >= 2);
  expect(envelopes.map(({ kind }) => kind)).toEqual(['hello', 'change', 'beat', 'beat']);
});

it('an event of a transaction that is rolled back reaches no process', async () => {
  const [ana, ben] = await two();
  await ana.commit([changed('rolled back')], 'ROLLBACK');
  await ana.commit([changed('committed')]);
  await until(() => ben.received.length > 0);
  expect(ben.names()).toEqual(['committed']);
});

it('a killed connection of the bus comes back, and is a possible loss for both processes', async () => {
  const [ana, ben] = await two();
  const since = ana.bus.healthySince();
  for (let i = 0; i < 3; i++) {
    const before = ana.possibleLosses.length;
    await db.query(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
    ana.bus.publish([typing('lost')]);
    await until(() => ana.possibleLosses.length > before && ben.possibleLosses.length > 0);
    await ana.reaches(ben);
    await ben.reaches(ana);
  }
  await until(() => ana.bus.isHealthy());
  expect(ana.bus.healthySince()).toBeGreaterThan(since!);
  await ana.commit([changed('after it')]);
  await until(() => ben.names().includes('after it'));
  const { rows } = await db.query(`SELECT pid ${LISTENERS}`);
  expect(rows).toHaveLength(2);
});

it('a process that cannot reach PostgreSQL reports possible losses until it can, and then reaches the other process', async () => {
  const proxy = await Proxy.before(database.url);
  cleanUps.push(() => proxy.close());
  const ana = await BusProcess.start(new PostgresTransport(proxy.url));
  const ben = await BusProcess.start();
  await ana.reaches(ben);
  proxy.cut();
  await until(() => !ana.bus.isHealthy());
  const before = ana.possibleLosses.length;
  await until(() => ana.possibleLosses.length >= before + 2); // repeated while it lasts
  proxy.mend();
  await until(() => ana.bus.isHealthy());
  await ana.reaches(ben);
  await ben.reaches(ana);
});

it('a connection that goes silent without an end is noticed within a second and a half, and replaced', async () => {
  const proxy = await Proxy.before(database.url);
  cleanUps.push(() => proxy.close());
  const ana = await BusProcess.start(new PostgresTransport(proxy.url));
  const ben = await BusProcess.start();
  await ana.reaches(ben);
  proxy.silence();
  const silentAt = performance.now();
  let lastHealthy = silentAt; // not the time at which the test saw it end, which a busy machine delays
  await until(() => {
    if (!ana.bus.isHealthy()) return true;
    lastHealthy = performance.now();
    return false;
  });
  expect(lastHealthy - silentAt).toBeLessThan(1500);
  await until(() => ana.bus.isHealthy());
  await ana.reaches(ben);
  await ben.reaches(ana);
});

it('a lost notification is noticed with the next heartbeat', async () => {
  class Lossy extends PostgresTransport {
    isLossy = false;
    override send(envelopes: readonly string[]): Promise<void> {
      return this.isLossy ? Promise.resolve() : super.send(envelopes);
    }
  }
  const transport = new Lossy(database.url);
  const ana = await BusProcess.start(transport);
  const ben = await BusProcess.start();
  await ana.reaches(ben);
  await ben.afterStart();
  transport.isLossy = true;
  ana.bus.publish([typing('lost')]);
  transport.isLossy = false;
  await until(() => ben.possibleLosses.length > 0);
  expect(ben.possibleLosses[0]).toMatch(/^missed 1/);
  expect(ben.names()).not.toContain('lost');
});

it('a process that cannot listen to PostgreSQL does not start', async () => {
  const ana = BusProcess.start(new PostgresTransport('postgres://parley@127.0.0.1:1/parley'));
  await expect(ana).rejects.toThrow('ECONNREFUSED');
});

const withRedis = hasRedis ? it : it.skip;

withRedis('PostgreSQL carries the best-effort events while Redis is stopped, and Redis does afterwards', async () => {
  const redis = await startRedis();
  const [ana, ben] = await two(redis.url);
  const envelopes = await listenToEnvelopes();
  await ana.reaches(ben);
  expect(envelopes.filter(({ kind }) => kind === 'batch')).toEqual([]);

  await redis.stop();
  await ana.reaches(ben);
  await ben.reaches(ana);
  await until(() => ana.possibleLosses.length > 0 && ben.possibleLosses.length > 0);
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

withRedis('a process starts while Redis is down, and uses it later', async () => {
  const redis = await startRedis();
  await redis.stop();
  const ana = await BusProcess.start(undefined, redis.url);
  const ben = await BusProcess.start(undefined, redis.url);
  await ana.reaches(ben);
  await redis.start();
  await until(() => ana.bus.isHealthy() && ben.bus.isHealthy());
  await ana.reaches(ben);
});

withRedis('a process without REDIS_URL receives the events of the others all the same', async () => {
  const redis = await startRedis();
  const ana = await BusProcess.start(undefined, redis.url);
  const ben = await BusProcess.start();
  await ana.reaches(ben);
  await ben.reaches(ana);
});

withRedis('a send in flight fails when Redis is lost, instead of delaying later ones', async () => {
  const redis = await startRedis();
  const transport = new RedisTransport(redis.url, database.url);
  cleanUps.unshift(() => transport.close());
  await new Promise<void>((up) => void transport.open({ up, down: () => undefined, received: () => undefined }));
  const sending = (async (): Promise<never> => {
    for (;;) await transport.send(['x']);
  })();
  await Promise.all([expect(sending).rejects.toThrow(), redis.stop()]); // it fails while Redis stops
});

withRedis(
  'PostgreSQL replaces a Redis that goes silent without an end, until its connection is open again',
  async () => {
    const redis = await startRedis();
    const proxy = await Proxy.before(redis.url);
    cleanUps.push(() => proxy.close());
    const ana = await BusProcess.start(undefined, proxy.url);
    const ben = await BusProcess.start(undefined, redis.url);
    await until(() => ana.bus.isHealthy());
    await ana.reaches(ben);
    proxy.silence();
    await until(() => !ana.bus.isHealthy());
    await ana.reaches(ben);
    expect(ana.bus.healthySince()).toBeDefined();
    await until(() => ana.bus.isHealthy());
    await ana.reaches(ben);
    await ben.reaches(ana);
  },
);
