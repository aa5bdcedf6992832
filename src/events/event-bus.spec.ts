import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventBus, type AnyEvent } from './event-bus.js';
import { decodeEnvelope, encodeEnvelope } from './bus-envelope.js';
import type { BusTransport, BusTransportHandlers } from './bus-transport.js';

/** What several transports share: a envelope that is sent on one is heard on all that are connected, itself included. */
class Air {
  readonly transports = new Set<AirTransport>();
  readonly envelopes: string[] = [];

  carry(envelope: string): void {
    this.envelopes.push(envelope);
    for (const transport of this.transports) transport.listener?.received(envelope);
  }
}

class AirTransport implements BusTransport {
  readonly name = 'the air';
  readonly maxBytes = 7999;
  readonly paceMs = 0;
  listener?: BusTransportHandlers;
  reconnects = 0;
  /** Letters that are sent are lost, without a word. */
  isMute = false;

  constructor(private readonly air: Air) {}

  async open(listener: BusTransportHandlers): Promise<void> {
    this.listener = listener;
    this.connect();
  }
  connect(): void {
    this.air.transports.add(this);
    this.listener?.up();
  }
  cut(): void {
    this.air.transports.delete(this);
    this.listener?.down();
  }
  async send(envelopes: readonly string[]): Promise<void> {
    if (!this.isMute) envelopes.forEach((envelope) => this.air.carry(envelope));
  }
  reconnect(): void {
    this.reconnects++;
  }
  async close(): Promise<void> {
    this.air.transports.delete(this);
  }
}

Logger.overrideLogger(false);

interface Node {
  readonly bus: EventBus;
  readonly postgres: AirTransport;
  readonly redis?: AirTransport;
  /** The users of whom it heard that they type. */
  readonly heard: string[];
  disturbances: number;
}

let air: Air;
let redisAir: Air;
let nodes: Node[];

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  air = new Air();
  redisAir = new Air();
  nodes = [];
});
afterEach(async () => {
  for (const { bus } of nodes) await bus.onApplicationShutdown();
  jest.useRealTimers();
});

async function start(withRedis = false): Promise<Node> {
  const postgres = new AirTransport(air);
  const redis = withRedis ? new AirTransport(redisAir) : undefined;
  const bus = new EventBus(redis ? { postgres, redis } : { postgres });
  const node: Node = { bus, postgres, ...(redis && { redis }), heard: [], disturbances: 0 };
  bus.on('typing.started', ({ userId }) => node.heard.push(userId));
  bus.onPossibleLoss(() => node.disturbances++);
  await bus.onModuleInit();
  nodes.push(node);
  return node;
}

/** Two processes that know each other and have got over the disturbances of their start. */
async function two(withRedis = false): Promise<[Node, Node]> {
  const both: [Node, Node] = [await start(withRedis), await start(withRedis)];
  await pass(3000);
  both.forEach((node) => (node.disturbances = 0));
  return both;
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const typing = (userId: string): AnyEvent[] => [
  { name: 'typing.started', data: { conversationId: 'c', userId } } as unknown as AnyEvent,
];
const kinds = (envelopes: readonly string[]): (string | undefined)[] =>
  envelopes.map((envelope) => decodeEnvelope(envelope)?.kind);

it('tells the handlers here and elsewhere, each once', async () => {
  const [ana, ben] = await two();
  ana.bus.publish(typing('x'));
  await pass(0);
  expect([ana.heard, ben.heard]).toEqual([['x'], ['x']]);
});

it('sends beats only while nobody else is there, and everything as soon as somebody is', async () => {
  const ana = await start();
  await pass(5000);
  ana.bus.publish(typing('alone'));
  await pass(500);
  expect(new Set(kinds(air.envelopes))).toEqual(new Set(['peerUp', 'heartbeat']));
  const ben = await start();
  ana.bus.publish(typing('together'));
  await pass(0);
  expect(ben.heard).toEqual(['together']);
});

it('who comes is disturbed, since it missed what was said before; who was there is not', async () => {
  const ana = await start();
  await pass(3000);
  ana.disturbances = 0;
  const ben = await start();
  expect(ben.disturbances).toBe(1); // it hears somebody who was there before
  await pass(3000);
  expect(ben.disturbances).toBe(2); // a second after its start
  expect(ana.disturbances).toBe(0);
});

it('who leaves says goodbye after all it had to say, and disturbs nobody', async () => {
  const [ana, ben] = await two();
  air.envelopes.length = 0;
  ana.bus.publish(typing('last'));
  await ana.bus.onApplicationShutdown();
  expect(kinds(air.envelopes)).toEqual(['bestEffort', 'peerDown']);
  await pass(5000);
  expect(ben).toMatchObject({ heard: ['last'], disturbances: 0 });
  air.envelopes.length = 0;
  ben.bus.publish(typing('alone again'));
  expect(air.envelopes).toEqual([]);
});

it('a process that falls silent without goodbye is a disturbance, and so is its return', async () => {
  const [ana, ben] = await two();
  ana.postgres.isMute = true;
  await pass(2000);
  expect(ben.disturbances).toBe(0);
  await pass(1000);
  expect(ben.disturbances).toBe(1);
  ana.postgres.isMute = false;
  await pass(500);
  expect(ben.disturbances).toBe(2);
});

it('a lost batch is found with the next envelope, the last one with the next beat', async () => {
  const [ana, ben] = await two();
  ana.postgres.isMute = true;
  ana.bus.publish(typing('lost'));
  ana.postgres.isMute = false;
  await pass(499);
  expect(ben.disturbances).toBe(0);
  await pass(1);
  expect(ben).toMatchObject({ heard: [], disturbances: 1 });
});

it('what is published while the connection is cut is found when it is back, by both', async () => {
  const [ana, ben] = await two();
  ana.postgres.cut();
  ana.bus.publish(typing('unsaid'));
  ben.bus.publish(typing('unheard'));
  ana.postgres.connect();
  await pass(0);
  expect([ana.disturbances, ben.disturbances]).toEqual([1, 1]);
});

it('many troubles at once are told at once and then once per beat, in the end too', async () => {
  const [ana] = await two();
  for (let i = 0; i < 50; i++) air.carry(encodeEnvelope({ kind: 'heartbeat', senderId: `stranger ${i}`, sequence: 1 }));
  expect(ana.disturbances).toBe(1);
  await pass(500);
  expect(ana.disturbances).toBe(2);
  await pass(1000);
  expect(ana.disturbances).toBe(2);
});

it('knows since when nothing can have been missed, as long as it hears itself', async () => {
  const ana = await start();
  const since = ana.bus.healthySince();
  expect(since).toBeDefined();
  await pass(60_000);
  expect(ana.bus.healthySince()).toBe(since);
  ana.postgres.isMute = true;
  await pass(1000);
  expect([ana.bus.healthySince(), ana.bus.isHealthy()]).toEqual([undefined, false]);
  ana.postgres.isMute = false;
  await pass(500);
  expect(ana.bus.healthySince()).toBe(since); // late, but all of it came
  ana.postgres.cut();
  expect(ana.bus.healthySince()).toBeUndefined();
  ana.postgres.connect();
  await pass(0);
  expect(ana.bus.healthySince()).toBeGreaterThan(since!);
});

it('a line that carries nothing is disturbed again and again, and connected anew', async () => {
  const ana = await start();
  await pass(3000);
  ana.disturbances = 0;
  ana.postgres.isMute = true;
  await pass(10_000);
  expect(ana.disturbances).toBeGreaterThanOrEqual(4);
  expect(ana.postgres.reconnects).toBe(2);
});

it('what another version tells is ignored, a disturbance, and a reason to trust nothing that was read before', async () => {
  const [ana, ben] = await two();
  const since = ana.bus.healthySince();
  await pass(100);
  air.carry('{"v":99,"kind":"change","from":"future","n":1,"events":["?"]}');
  expect([ana.disturbances, ben.disturbances]).toEqual([1, 1]);
  expect(ana.bus.healthySince()).toBeGreaterThan(since!);
  await pass(1000);
  air.carry('{"v":99,"kind":"hello","from":"future","n":0}');
  air.carry('{"v":99,"kind":"beat","from":"future","n":0}');
  expect(ana.disturbances).toBe(1);
  air.carry('what is this?');
  expect(ana.disturbances).toBe(2);
});

it('a handler that throws keeps no other from being called', async () => {
  const [ana, ben] = await two();
  const heard: string[] = [];
  ben.bus.on('typing.started', () => {
    throw new Error('broken');
  });
  ben.bus.on('typing.started', ({ userId }) => heard.push(userId));
  ana.bus.publish(typing('x'));
  await pass(0);
  expect(heard).toEqual(['x']);
});

it('rare events go into their transaction, as many envelopes as it takes, frequent ones do not', async () => {
  const [ana, ben] = await two();
  const changed: string[] = [];
  ben.bus.on('user.changed', ({ userId }) => changed.push(userId));
  const names = Array.from({ length: 300 }, (_, i) => `user number ${i}`);
  const events = names.map((userId) => ({ name: 'user.changed', data: { userId } }) as unknown as AnyEvent);
  const queries: unknown[][] = [];
  const tx = { query: (_: string, values: unknown[]) => Promise.resolve(queries.push(values)) };
  await ana.bus.prepare([...typing('x'), ...events], tx);
  await ana.bus.prepare(typing('y'), tx);
  expect(queries).toHaveLength(1);
  const envelopes = queries[0]![0] as string[];
  expect(envelopes.length).toBeGreaterThan(1);
  envelopes.forEach((envelope) => air.carry(envelope));
  expect(changed).toEqual(names);
  expect([ana.disturbances, ben.disturbances]).toEqual([0, 0]);
  const long = { name: 'user.changed', data: { userId: 'x'.repeat(8000) } } as unknown as AnyEvent;
  await expect(ana.bus.prepare([long], tx)).rejects.toThrow('too long');
});

it('switched off, it tells the handlers here, is always fresh, and sends nothing', async () => {
  const bus = new EventBus();
  await bus.onModuleInit();
  const heard: string[] = [];
  bus.on('typing.started', ({ userId }) => heard.push(userId));
  await bus.prepare(typing('x'), { query: () => Promise.reject(new Error('asked')) });
  bus.publish(typing('x'));
  expect([heard, bus.healthySince(), bus.isHealthy()]).toEqual([['x'], 0, true]);
  await bus.onApplicationShutdown();
});

it('frequent events go through Redis, beats through both', async () => {
  const [ana, ben] = await two(true);
  air.envelopes.length = redisAir.envelopes.length = 0;
  ana.bus.publish(typing('x'));
  await pass(500);
  expect(new Set(kinds(air.envelopes))).toEqual(new Set(['heartbeat']));
  expect(new Set(kinds(redisAir.envelopes))).toEqual(new Set(['heartbeat', 'bestEffort']));
  expect(ben.heard).toEqual(['x']);
});

it('without Redis, or where one process is not on it, PostgreSQL carries the frequent events too', async () => {
  const [ana, ben] = await two(true);
  ana.redis?.cut();
  ana.bus.publish(typing('through PostgreSQL'));
  await pass(0);
  expect(ben.heard).toEqual(['through PostgreSQL']);
  ana.redis?.connect();
  const cleo = await start();
  await pass(3000);
  ana.bus.publish(typing('to all'));
  await pass(0);
  expect([ben.heard, cleo.heard]).toEqual([['through PostgreSQL', 'to all'], ['to all']]);
  expect(ana.bus.healthySince()).toBeDefined();
});

it('while Redis carries nothing it is not fresh, but what PostgreSQL told is', async () => {
  const [ana] = await two(true);
  ana.redis!.isMute = true;
  await pass(1500);
  expect(ana.bus.isHealthy()).toBe(false);
  expect(ana.bus.healthySince()).toBeDefined();
});

it('its own changes are heard once, also where the answer to COMMIT was lost', async () => {
  const [ana] = await two();
  const changed: string[] = [];
  ana.bus.on('user.changed', ({ userId }) => changed.push(userId));
  const tx = {
    query: (_: string, [envelopes]: unknown[]) =>
      Promise.resolve((envelopes as string[]).forEach((one) => air.carry(one))),
  };
  const events = [{ name: 'user.changed', data: { userId: 'x' } } as unknown as AnyEvent];
  await ana.bus.prepare(events, tx);
  ana.bus.publish(events);
  expect(changed).toEqual(['x']);
  await pass(5000);
  expect(changed).toEqual(['x']);
  await ana.bus.prepare(events, tx); // and the answer to COMMIT was lost
  await pass(5000);
  expect(changed).toEqual(['x', 'x']);
});
