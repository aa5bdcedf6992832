import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventBus, type AnyEvent } from './event-bus.js';
import { decodeEnvelope, encodeEnvelope } from './bus-envelope.js';
import type { BusTransport, BusTransportHandlers } from './bus-transport.js';

/** Delivers each envelope to every connected transport, the sender's included. */
class FakeBroker {
  readonly transports = new Set<FakeTransport>();
  readonly envelopes: string[] = [];

  deliver(envelope: string): void {
    this.envelopes.push(envelope);
    for (const transport of this.transports) transport.handlers?.received(envelope);
  }
}

class FakeTransport implements BusTransport {
  readonly name = 'a fake broker';
  readonly maxBytes = 7999;
  readonly paceMs = 0;
  handlers?: BusTransportHandlers;
  reconnects = 0;
  /** Whether envelopes that it sends are lost, without an error. */
  losesSent = false;

  constructor(private readonly broker: FakeBroker) {}

  async open(handlers: BusTransportHandlers): Promise<void> {
    this.handlers = handlers;
    this.connect();
  }
  connect(): void {
    this.broker.transports.add(this);
    this.handlers?.up();
  }
  cut(): void {
    this.broker.transports.delete(this);
    this.handlers?.down();
  }
  async send(envelopes: readonly string[]): Promise<void> {
    if (!this.losesSent) envelopes.forEach((envelope) => this.broker.deliver(envelope));
  }
  reconnect(): void {
    this.reconnects++;
  }
  async close(): Promise<void> {
    this.broker.transports.delete(this);
  }
}

Logger.overrideLogger(false);

interface Node {
  readonly bus: EventBus;
  readonly postgres: FakeTransport;
  readonly redis?: FakeTransport;
  /** The users whose typing events it received. */
  readonly received: string[];
  possibleLosses: number;
}

let broker: FakeBroker;
let redisBroker: FakeBroker;
let nodes: Node[];

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  broker = new FakeBroker();
  redisBroker = new FakeBroker();
  nodes = [];
});
afterEach(async () => {
  for (const { bus } of nodes) await bus.onApplicationShutdown();
  jest.useRealTimers();
});

async function start(withRedis = false): Promise<Node> {
  const postgres = new FakeTransport(broker);
  const redis = withRedis ? new FakeTransport(redisBroker) : undefined;
  const bus = new EventBus(redis ? { postgres, redis } : { postgres });
  const node: Node = { bus, postgres, ...(redis && { redis }), received: [], possibleLosses: 0 };
  bus.on('typing.started', ({ userId }) => node.received.push(userId));
  bus.onPossibleLoss(() => node.possibleLosses++);
  await bus.onModuleInit();
  nodes.push(node);
  return node;
}

/** Two processes that are peers, after the possible losses of their start. */
async function two(withRedis = false): Promise<[Node, Node]> {
  const both: [Node, Node] = [await start(withRedis), await start(withRedis)];
  await pass(3000);
  both.forEach((node) => (node.possibleLosses = 0));
  return both;
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const typing = (userId: string): AnyEvent[] => [
  { name: 'typing.started', data: { conversationId: 'c', userId } } as unknown as AnyEvent,
];
const kinds = (envelopes: readonly string[]): (string | undefined)[] =>
  envelopes.map((envelope) => decodeEnvelope(envelope)?.kind);

it('an event reaches the handlers of its own process and of the others once each', async () => {
  const [ana, ben] = await two();
  ana.bus.publish(typing('x'));
  await pass(0);
  expect([ana.received, ben.received]).toEqual([['x'], ['x']]);
});

it('a process with no peers sends heartbeats only, and events as soon as another process starts', async () => {
  const ana = await start();
  await pass(5000);
  ana.bus.publish(typing('alone'));
  await pass(500);
  expect(new Set(kinds(broker.envelopes))).toEqual(new Set(['peerUp', 'heartbeat']));
  const ben = await start();
  ana.bus.publish(typing('together'));
  await pass(0);
  expect(ben.received).toEqual(['together']);
});

it('a process that starts reports a possible loss, since it missed earlier events; a running process does not', async () => {
  const ana = await start();
  await pass(3000);
  ana.possibleLosses = 0;
  const ben = await start();
  expect(ben.possibleLosses).toBe(1); // the first envelope of an unknown peer
  await pass(3000);
  expect(ben.possibleLosses).toBe(2); // a second after its start
  expect(ana.possibleLosses).toBe(0);
});

it('a process that stops sends its last events and then peerDown, and causes no possible loss', async () => {
  const [ana, ben] = await two();
  broker.envelopes.length = 0;
  ana.bus.publish(typing('last'));
  await ana.bus.onApplicationShutdown();
  expect(kinds(broker.envelopes)).toEqual(['bestEffort', 'peerDown']);
  await pass(5000);
  expect(ben).toMatchObject({ received: ['last'], possibleLosses: 0 });
  broker.envelopes.length = 0;
  ben.bus.publish(typing('alone again'));
  expect(broker.envelopes).toEqual([]);
});

it('a process that stops without peerDown is a possible loss after three seconds, and again when it returns', async () => {
  const [ana, ben] = await two();
  ana.postgres.losesSent = true;
  await pass(2000);
  expect(ben.possibleLosses).toBe(0);
  await pass(1000);
  expect(ben.possibleLosses).toBe(1);
  ana.postgres.losesSent = false;
  await pass(500);
  expect(ben.possibleLosses).toBe(2);
});

it('a lost envelope is noticed with the next envelope of its sender, a heartbeat at the latest', async () => {
  const [ana, ben] = await two();
  ana.postgres.losesSent = true;
  ana.bus.publish(typing('lost'));
  ana.postgres.losesSent = false;
  await pass(499);
  expect(ben.possibleLosses).toBe(0);
  await pass(1);
  expect(ben).toMatchObject({ received: [], possibleLosses: 1 });
});

it('an event that is published while the connection is cut is a possible loss for both processes after it', async () => {
  const [ana, ben] = await two();
  ana.postgres.cut();
  ana.bus.publish(typing('not sent'));
  ben.bus.publish(typing('not received'));
  ana.postgres.connect();
  await pass(0);
  expect([ana.possibleLosses, ben.possibleLosses]).toEqual([1, 1]);
});

it('a connection that comes back is a possible loss at once, since transactional events have no gaps', async () => {
  const [ana] = await two();
  ana.postgres.cut();
  ana.postgres.connect();
  expect(ana.possibleLosses).toBe(1);
});

it('many possible losses at once are reported once per heartbeat, the first at once, the last with the next heartbeat', async () => {
  const [ana] = await two();
  for (let i = 0; i < 50; i++)
    broker.deliver(encodeEnvelope({ kind: 'heartbeat', senderId: `unknown ${i}`, sequence: 1 }));
  expect(ana.possibleLosses).toBe(1);
  await pass(500);
  expect(ana.possibleLosses).toBe(2);
  await pass(1000);
  expect(ana.possibleLosses).toBe(2);
});

it('a process knows since when it cannot have missed an event, as long as it receives its own heartbeats', async () => {
  const ana = await start();
  const since = ana.bus.healthySince();
  expect(since).toBeDefined();
  await pass(60_000);
  expect(ana.bus.healthySince()).toBe(since);
  ana.postgres.losesSent = true;
  await pass(1000);
  expect([ana.bus.healthySince(), ana.bus.isHealthy()]).toEqual([undefined, false]);
  ana.postgres.losesSent = false;
  await pass(500);
  expect(ana.bus.healthySince()).toBe(since); // late, but all envelopes arrived
  ana.postgres.cut();
  expect(ana.bus.healthySince()).toBeUndefined();
  ana.postgres.connect();
  await pass(0);
  expect(ana.bus.healthySince()).toBeGreaterThan(since!);
});

it('a link that delivers nothing is a possible loss every two seconds, and connects again after five', async () => {
  const ana = await start();
  await pass(3000);
  ana.possibleLosses = 0;
  ana.postgres.losesSent = true;
  await pass(10_000);
  expect(ana.possibleLosses).toBeGreaterThanOrEqual(4);
  expect(ana.postgres.reconnects).toBe(2);
});

it('an envelope of another version is ignored, is a possible loss, and makes earlier reads invalid', async () => {
  const [ana, ben] = await two();
  const since = ana.bus.healthySince();
  await pass(100);
  broker.deliver('{"v":99,"kind":"change","from":"future","n":1,"events":["?"]}');
  expect([ana.possibleLosses, ben.possibleLosses]).toEqual([1, 1]);
  expect(ana.bus.healthySince()).toBeGreaterThan(since!);
  await pass(1000);
  broker.deliver('{"v":99,"kind":"hello","from":"future","n":0}');
  broker.deliver('{"v":99,"kind":"beat","from":"future","n":0}');
  expect(ana.possibleLosses).toBe(1);
  broker.deliver('{"v":99,"kind":"batch","from":"future","n":1,"events":["?"]}');
  expect(ana.possibleLosses).toBe(2);
  await pass(500);
  broker.deliver('what is this?');
  expect(ana.possibleLosses).toBe(3);
});

it('a handler that throws does not keep other handlers from being called', async () => {
  const [ana, ben] = await two();
  const received: string[] = [];
  ben.bus.on('typing.started', () => {
    throw new Error('broken');
  });
  ben.bus.on('typing.started', ({ userId }) => received.push(userId));
  ana.bus.publish(typing('x'));
  await pass(0);
  expect(received).toEqual(['x']);
});

it('transactional events go into their transaction, in as many envelopes as they need, best-effort events do not', async () => {
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
  envelopes.forEach((envelope) => broker.deliver(envelope));
  expect(changed).toEqual(names);
  expect([ana.possibleLosses, ben.possibleLosses]).toEqual([0, 0]);
  const long = { name: 'user.changed', data: { userId: 'x'.repeat(8000) } } as unknown as AnyEvent;
  await expect(ana.bus.prepare([long], tx)).rejects.toThrow('too long');
});

it('a bus that is switched off calls the handlers of its own process, is always healthy, and sends nothing', async () => {
  const bus = new EventBus();
  await bus.onModuleInit();
  const received: string[] = [];
  bus.on('typing.started', ({ userId }) => received.push(userId));
  await bus.prepare(typing('x'), { query: () => Promise.reject(new Error('asked')) });
  bus.publish(typing('x'));
  expect([received, bus.healthySince(), bus.isHealthy()]).toEqual([['x'], 0, true]);
  await bus.onApplicationShutdown();
});

it('an own envelope that arrives late does not make a silent link healthy', async () => {
  const ana = await start();
  await pass(500);
  const own = broker.envelopes.at(-1)!;
  ana.postgres.losesSent = true;
  await pass(2000);
  broker.deliver(own);
  expect(ana.bus.healthySince()).toBeUndefined();
});

it('a process that took its peers for gone leaves a gap, which the peers notice', async () => {
  const [ana, ben] = await two();
  ben.postgres.losesSent = true;
  await pass(3500);
  ben.possibleLosses = 0;
  ana.bus.publish(typing('not sent'));
  await pass(500);
  expect(ben).toMatchObject({ received: [], possibleLosses: 1 });
});

it('a process that is stopping does not answer a peerUp, so that no process takes it for a peer', async () => {
  const ana = await start();
  await pass(3000);
  const stopping = ana.bus.onApplicationShutdown();
  broker.deliver(encodeEnvelope({ kind: 'peerUp', senderId: 'starting', sequence: 0 }));
  await stopping;
  expect(kinds(broker.envelopes).slice(-2)).toEqual(['peerDown', 'peerUp']);
});

it('a bus is not healthy while a possible loss waits to be reported', async () => {
  const [ana] = await two();
  const lose = (id: string): void => broker.deliver(encodeEnvelope({ kind: 'heartbeat', senderId: id, sequence: 1 }));
  lose('first unknown');
  expect(ana.bus.isHealthy()).toBe(true); // it was reported at once
  lose('second unknown');
  expect(ana.bus.isHealthy()).toBe(false);
  await pass(500);
  expect(ana.bus.isHealthy()).toBe(true);
});

it('with Redis, best-effort events go through Redis and heartbeats through both links', async () => {
  const [ana, ben] = await two(true);
  broker.envelopes.length = redisBroker.envelopes.length = 0;
  ana.bus.publish(typing('x'));
  await pass(500);
  expect(new Set(kinds(broker.envelopes))).toEqual(new Set(['heartbeat']));
  expect(new Set(kinds(redisBroker.envelopes))).toEqual(new Set(['heartbeat', 'bestEffort']));
  expect(ben.received).toEqual(['x']);
});

it('without Redis, or if one process is not on it, PostgreSQL carries the best-effort events too', async () => {
  const [ana, ben] = await two(true);
  ana.redis?.cut();
  ana.bus.publish(typing('through PostgreSQL'));
  await pass(0);
  expect(ben.received).toEqual(['through PostgreSQL']);
  ana.redis?.connect();
  const cleo = await start();
  await pass(3000);
  ana.bus.publish(typing('to all'));
  await pass(0);
  expect([ben.received, cleo.received]).toEqual([['through PostgreSQL', 'to all'], ['to all']]);
  expect(ana.bus.healthySince()).toBeDefined();
});

it('while Redis delivers nothing the bus is not healthy, but its transactional events are', async () => {
  const [ana] = await two(true);
  ana.redis!.losesSent = true;
  await pass(1500);
  expect(ana.bus.isHealthy()).toBe(false);
  expect(ana.bus.healthySince()).toBeDefined();
});

it('a process publishes its own transactional events once, also if the answer to COMMIT was lost', async () => {
  const [ana] = await two();
  const changed: string[] = [];
  ana.bus.on('user.changed', ({ userId }) => changed.push(userId));
  const tx = {
    query: (_: string, [envelopes]: unknown[]) =>
      Promise.resolve((envelopes as string[]).forEach((one) => broker.deliver(one))),
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
