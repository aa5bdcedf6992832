import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventBus } from '../src/events/event-bus.js';
import { newDatabase, type TestDatabase } from './support/database.js';
import { LiveLog } from './support/live-log.js';
import { Person } from './support/person.js';
import { hasRedis, RedisServer } from './support/redis.js';
import { startServer, type TestServer } from './support/server.js';
import { newWorld, type World } from './support/world.js';
import { caughtUp } from './support/caught-up.js';
import { until } from './support/until.js';

/** Messages that are sent while the bus is cut and comes back. */
const STORM = 60;

const databases: TestDatabase[] = [];

/** Runs after that of ./support/server.js, which closes the servers that use them. */
afterAll(async () => {
  for (const database of databases) await database.drop();
});

const buses = hasRedis ? (['PostgreSQL', 'Redis'] as const) : (['PostgreSQL'] as const);

describe.each(buses)('two processes on one database, connected by %s', (bus) => {
  let database: TestDatabase;
  let redis: RedisServer | undefined;
  let here: TestServer;
  let there: TestServer;

  beforeAll(async () => {
    database = await newDatabase();
    databases.push(database);
    redis = bus === 'Redis' ? await RedisServer.start() : undefined;
    const settings = { databaseUrl: database.url, ...(redis && { redisUrl: redis.url }) };
    here = await startServer(settings);
    there = await startServer(settings);
    await until(areSure);
  });

  afterAll(async () => {
    await there.stop();
    await here.stop();
    await redis?.stop();
  });

  const areSure = (): boolean => [here, there].every(({ app }) => app.get(EventBus).isHealthy());

  /** The same person, calling the other process. */
  const atOther = (person: Person): Person =>
    new Person({ ...person, headers: person.headers }, person.api.with({ baseUrl: there.url }), there.url);

  const people = (): Promise<World> => newWorld({ on: here });

  /** Cuts the bus, and waits until both processes have noticed. */
  async function cut(): Promise<void> {
    if (redis) await redis.stop();
    else {
      await here.db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'parley bus' AND datname = current_database()`,
      );
    }
  }

  const mend = async (): Promise<void> => redis?.start();

  it('a message, a receipt and typing through one process reach a socket on the other', async () => {
    const { ana, ben } = await people();
    const [hers, his] = [await caughtUp(ana), await caughtUp(atOther(ben))];
    const sent = await ana.sendTo(ben, 'hello');
    expect(await his.next('message')).toMatchObject({ afterSeq: 0, message: { id: sent.id, sender: { id: ana.id } } });
    his.read(sent);
    expect(await hers.next('receipt')).toMatchObject({ userId: ben.id, readSeq: 1 });
    await until(() => {
      hers.sendFrame({ type: 'typing', conversationId: sent.conversationId });
      return his.rest('typing').length > 0;
    });
    const texts = Array.from({ length: 300 }, (_, i) => `number ${i}`);
    await ana.api.sendMessages({ messages: texts.map((text) => ({ recipient: ben.id, text })) });
    expect(await his.texts(300)).toEqual(texts);
  });

  it('a user who is added, removed and added again in one process gets it on a socket of the other', async () => {
    const { ana, ben } = await people();
    const group = await ana.createGroup('Rowing');
    const his = await caughtUp(atOther(ben));
    for (let i = 0; i < 5; i++) {
      await ana.sendTo(group, `not for Ben ${i}`);
      await ana.add(group, ben);
      await ana.sendTo(group, `for Ben ${i}`);
      await ana.remove(group, ben);
    }
    await ana.sendTo(ben, 'the end');
    await his.next('message', ({ message }) => message.text === 'the end');
    await until(async () => {
      await his.pong();
      return his.rest('conversation').findLast(({ conversationId }) => conversationId === group.id)?.change === 'left';
    });
    // A change that was undone before the process read it is not sent, or as it was.
    const got = his.rest('message').map(({ message }) => message.text);
    expect(got.filter((text) => text.startsWith('not'))).toEqual([]);
    await ana.add(group, ben);
    await ana.sendTo(group, 'for Ben again');
    await his.next('message', ({ message }) => message.text === 'for Ben again');
  });

  it('a block in one process hides on a socket of the other, and an unblock shows again', async () => {
    const { ana, ben, cleo } = await people();
    const group = await ana.createGroup('Rowing', ben, cleo);
    const log = new LiveLog(cleo, there.url);
    const his = await caughtUp(atOther(cleo));
    await log.catchUp();
    await cleo.block(ben);
    await his.next('blocks');
    await ben.sendTo(group, 'hidden');
    await ana.sendTo(group, 'shown');
    await his.next('message');
    expect(his.rest('message')).toEqual([]);
    await until(async () => (await log.catchUp(), log.texts(group.id).includes('shown')));
    expect(log.texts(group.id)).toEqual(['shown']);
    await cleo.unblock(ben);
    await until(async () => (await log.catchUp(), log.texts(group.id).includes('hidden')));
    expect(log.contents()).toEqual(await log.freshLoad());
  });

  it('a session that ends in one process closes its socket on the other', async () => {
    const { ana } = await people();
    const socket = await caughtUp(atOther(ana));
    await ana.api.endSession({ id: 'current' });
    expect((await socket.closed()).code).toBe(4401);
  });

  it('a socket loses, doubles and reorders nothing while the bus is cut and comes back', async () => {
    const { ana, ben, cleo } = await people();
    const group = await ana.createGroup('Rowing', ben, cleo);
    const logs = [new LiveLog(ben, there.url), new LiveLog(cleo, there.url), new LiveLog(ana, here.url)];
    for (const log of logs) await log.catchUp();
    const senders = [ana, atOther(ben), atOther(cleo)];
    const storm = async (): Promise<void> => {
      for (let i = 0; i < STORM; i++) {
        await senders[i % 3]!.sendTo(group, `storm ${i}`);
        if (i % 4 === 0) await ana.sendTo(cleo, `directly ${i}`);
      }
    };
    for (let round = 0; round < 3; round++) {
      const sending = storm();
      await cut();
      await sending;
      await ana.sendTo(group, `while it is cut ${round}`);
      await cleo[round === 1 ? 'unblock' : 'block'](ben);
      await mend();
      await ana.sendTo(group, `while it comes back ${round}`);
      await until(areSure);
      await ana.sendTo(group, `the end ${round}`);
      for (const log of logs) {
        await until(async () => (await log.catchUp(), log.texts(group.id).includes(`the end ${round}`)));
        const loaded = await log.freshLoad();
        await until(async () => (await log.catchUp(), JSON.stringify(log.contents()) === JSON.stringify(loaded)));
        expect(log.contents()).toEqual(loaded);
      }
    }
  }, 60_000);
});
