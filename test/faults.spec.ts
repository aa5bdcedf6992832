import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { ParleyError, type Schemas } from '../sdk/src/index.js';
import { newDatabase } from './support/database.js';
import { LiveClient } from './support/live-client.js';
import { LiveLog } from './support/live-log.js';
import { Person } from './support/person.js';
import { Program } from './support/program.js';
import { APPLICATION_KEY, type TestServer } from './support/server.js';
import { newWorld, type World } from './support/world.js';
import { until } from './support/until.js';

jest.setTimeout(120_000);

const CLIENTS = 20;
const MESSAGES_EACH = 40;
/** Shares of all messages after which one server is killed, and started again. */
const KILLED_AT = 0.3;
const STARTED_AT = 0.6;
const PATIENCE_MS = 60_000;

const NAMES = Array.from({ length: CLIENTS }, (_, i) => `client${i}`);

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

const pick = <T>(some: readonly T[]): T => some[Math.floor(Math.random() * some.length)]!;

/** Two servers on one database; the second may be down. */
class Servers {
  private second: Program | undefined;
  private constructor(
    private readonly environment: Readonly<Record<string, string>>,
    readonly first: string,
    /** The servers' addresses; the second may be down. */
    readonly urls: string[],
  ) {}

  static async start(databaseUrl: string): Promise<Servers> {
    const environment = {
      DATABASE_URL: databaseUrl,
      JWT_SECRET: 'the secret of the tests, at least 32 characters',
      BOOTSTRAP_API_KEY: APPLICATION_KEY,
    };
    const first = await Program.start(environment).url();
    const servers = new Servers(environment, first, [first]);
    await servers.startSecond();
    return servers;
  }

  async startSecond(): Promise<void> {
    this.second = Program.start(this.environment);
    this.urls[1] = await this.second.url();
  }

  async killSecond(): Promise<void> {
    this.second!.signal('SIGKILL');
    await this.second!.exit;
  }
}

/** A message that the server has confirmed to its sender. */
type Acknowledged = Pick<Schemas['Message'], 'id' | 'text'>;

/** Sends each message, over REST or a socket, until it is stored or refused, whatever happens to the servers. */
class Writer {
  readonly acknowledged: Acknowledged[] = [];
  private socket: { readonly url: string; readonly client: LiveClient } | undefined;

  constructor(
    private readonly person: Person,
    private readonly servers: Servers,
  ) {}

  async send(recipient: string, text: string): Promise<void> {
    const clientMessageId = randomUUID();
    for (const start = performance.now(); performance.now() - start < PATIENCE_MS; await sleep(20)) {
      const outcome = await this.try(recipient, text, clientMessageId);
      if (outcome === 'again') continue;
      if (outcome) this.acknowledged.push(outcome);
      return;
    }
    throw new Error(`${text} is neither stored nor refused`);
  }

  /** Undefined if it is refused. */
  private async try(
    recipient: string,
    text: string,
    clientMessageId: string,
  ): Promise<Acknowledged | 'again' | undefined> {
    const url = pick(this.servers.urls);
    try {
      if (Math.random() < 0.5) {
        return await this.person.api.with({ baseUrl: url }).sendMessage({ recipient, text, clientMessageId });
      }
      const { status, message } = await (await this.at(url)).send(recipient, text, clientMessageId);
      return message ?? (status < 500 ? undefined : 'again');
    } catch (error) {
      const isRefused = error instanceof ParleyError && error.status < 500;
      return isRefused ? undefined : 'again';
    }
  }

  private async at(url: string): Promise<LiveClient> {
    if (this.socket?.url !== url || !this.socket.client.isOpen) {
      this.socket?.client.terminate();
      const { headers } = this.person;
      this.socket = { url, client: await LiveClient.connect(url, { headers, backlog: false }) };
    }
    return this.socket.client;
  }
}

/** Reads from any running server, and loses its connection now and then. */
class Reader {
  readonly log: LiveLog;

  constructor(
    person: Person,
    private readonly servers: Servers,
  ) {
    this.log = new LiveLog(person);
  }

  async readUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.catchUp();
      await sleep(Math.random() * 1_500);
      if (Math.random() < 0.7) await this.log.drop();
    }
    await this.catchUp();
  }

  /** If a server is down, tries again. */
  async catchUp(): Promise<void> {
    for (const start = performance.now(); ; await sleep(20)) {
      try {
        return await this.log.catchUp(pick(this.servers.urls));
      } catch (error) {
        await this.log.settled(); // throws if a message was doubled or out of order
        if (performance.now() - start > PATIENCE_MS) throw error;
      }
    }
  }
}

it('through kill -9, lost connections and retries each client holds exactly its log, and each acknowledged message is stored once', async () => {
  const database = await newDatabase();
  const db = new pg.Pool({ connectionString: database.url, max: 2 });
  cleanUps.push(
    () => db.end(),
    () => database.drop(),
  );
  const servers = await Servers.start(database.url);
  const world: World<string> = await newWorld({ on: { url: servers.first, db } as TestServer, users: NAMES });
  const ana = world.ana!;
  const people = NAMES.map((name) => world[name]!);
  const groups = await Promise.all(['Rowing', 'Sailing', 'Diving'].map((name) => ana.createGroup(name, ...people)));

  let sent = 0;
  let isOver = false;
  const all = CLIENTS * MESSAGES_EACH;
  const writers = people.map((person) => new Writer(person, servers));
  const readers = people.map((person) => new Reader(person, servers));

  const writing = writers.map(async (writer, i) => {
    for (let n = 0; n < MESSAGES_EACH; n++) {
      const other = people[(i + 1 + Math.floor(Math.random() * 3)) % CLIENTS]!;
      await writer.send(Math.random() < 0.6 ? pick(groups).id : other.id, `${n} of ${i}`);
      sent++;
    }
  });
  const killing = (async () => {
    await until(() => sent >= all * KILLED_AT, PATIENCE_MS);
    await servers.killSecond();
    await until(() => sent >= all * STARTED_AT, PATIENCE_MS);
    await servers.startSecond();
  })();
  /** Changes membership and blocks meanwhile, through the server that stays up. */
  const changing = (async () => {
    for (const goesOn = (): boolean => !isOver; goesOn(); await sleep(50)) {
      const [someone, another] = [pick(people), pick(people)];
      const change = pick<() => Promise<unknown>>([
        () => ana.remove(pick(groups), someone),
        () => ana.add(pick(groups), someone),
        () => ana.add(pick(groups), someone),
        () => someone.block(another),
        () => someone.unblock(another),
        () => someone.unblock(another),
      ]);
      await change().catch((error: unknown) => expect(error).toBeInstanceOf(ParleyError));
    }
  })();
  const reading = readers.map((reader) => reader.readUntil(() => isOver));
  const ended = Promise.all([...writing, killing]).finally(() => (isOver = true));
  await Promise.all([ended, changing, ...reading]);

  const { rows } = await db.query<{ id: string; text: string; clientMessageId: string | null }>(
    `SELECT conversation_id || '.' || seq AS id, text, client_message_id AS "clientMessageId" FROM messages`,
  );
  const stored = new Map(rows.map(({ id, text }) => [id, text]));
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  expect(acknowledged.length).toBeGreaterThan(all / 2);
  expect(acknowledged.filter(({ id, text }) => stored.get(id) !== text)).toEqual([]);
  expect(rows).toHaveLength(new Set(rows.map(({ text }) => text)).size); // each text was sent once
  expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(acknowledged.length);
  const { rows: gaps } = await db.query(
    `SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
     GROUP BY c.id HAVING count(m.seq) <> c.last_seq OR coalesce(max(m.seq), 0) <> c.last_seq`,
  );
  expect(gaps).toEqual([]);

  for (const { log } of readers) {
    const loaded = await log.freshLoad();
    for (const start = performance.now(); performance.now() - start < PATIENCE_MS / 4; await sleep(50)) {
      await log.catchUp(servers.first);
      if (JSON.stringify(log.contents()) === JSON.stringify(loaded)) break;
    }
    expect(log.contents()).toEqual(loaded);
  }
});
