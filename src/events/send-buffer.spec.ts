import { beforeEach, expect, it } from '@jest/globals';
import { decodeEnvelope, encodeEvent, type BusEnvelope } from './bus-envelope.js';
import { SendBuffer } from './send-buffer.js';
import type { BusTransport } from './bus-transport.js';

/** Holds what is sent until it is told to go on. */
class SlowTransport implements BusTransport {
  readonly name = 'slow';
  readonly maxBytes = 400;
  paceMs = 0;
  readonly sent: BusEnvelope[][] = [];
  settle: { resolve: () => void; reject: (error: Error) => void } = { resolve: () => {}, reject: () => {} };

  send(envelopes: readonly string[]): Promise<void> {
    this.sent.push(envelopes.map((envelope) => decodeEnvelope(envelope)!));
    return new Promise((resolve, reject) => (this.settle = { resolve, reject }));
  }
  async open(): Promise<void> {}
  reconnect(): void {}
  async close(): Promise<void> {}
}

let transport: SlowTransport;
let outbox: SendBuffer;
beforeEach(() => {
  transport = new SlowTransport();
  outbox = new SendBuffer(transport, 'me', () => 1000.4);
  outbox.open();
});

const typing = (...userIds: string[]): string[] =>
  userIds.map((userId) => encodeEvent({ name: 'typing.started', data: { conversationId: 'c', userId } } as never));
const said = (envelope: BusEnvelope | undefined): string =>
  [
    envelope?.kind,
    envelope?.sequence,
    ...(envelope?.events ?? []).map(({ data }) => (data as { userId: string }).userId),
  ].join(' ');
const lastSent = (): string[] => transport.sent.at(-1)!.map(said);
const done = async (): Promise<void> => {
  transport.settle.resolve();
  await new Promise(setImmediate);
};

it('sends at once what comes alone, and together what comes while that is in flight', async () => {
  outbox.add(typing('a'));
  expect(lastSent()).toEqual(['bestEffort 1 a']);
  outbox.add(typing('b'));
  outbox.add(typing('c', 'd'));
  expect(transport.sent).toHaveLength(1);
  await done();
  expect(lastSent()).toEqual(['bestEffort 2 b c d']);
  await done();
  outbox.add(typing('e'));
  expect(lastSent()).toEqual(['bestEffort 3 e']);
});

it('what comes right after one was sent waits, and goes together', async () => {
  transport.paceMs = 30;
  const from = performance.now();
  outbox.add(typing('a'));
  await done();
  for (const one of ['b', 'c']) outbox.add(typing(one));
  expect(transport.sent).toHaveLength(1);
  while (transport.sent.length === 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(performance.now() - from).toBeGreaterThanOrEqual(29);
  expect(lastSent()).toEqual(['bestEffort 2 b c']);
});

it('numbers every envelope of a batch that does not fit into one', () => {
  outbox.add(typing('a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100)));
  expect(transport.sent[0]!.map(({ sequence, events }) => [sequence, events.length])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

it('signs of life go behind the batches, once each, and tell the last number and the time', async () => {
  outbox.sendControl('peerUp');
  expect(transport.sent[0]).toEqual([
    { kind: 'peerUp', senderId: 'me', sequence: 0, sentAtMs: 1000, events: [], isReadable: true },
  ]);
  outbox.sendControl('heartbeat');
  outbox.add(typing('a'));
  outbox.sendControl('heartbeat');
  await done();
  expect(lastSent()).toEqual(['bestEffort 1 a', 'heartbeat 1']);
});

it('events that are skipped leave a number out', () => {
  outbox.leaveGap();
  outbox.leaveGap();
  outbox.sendControl('heartbeat');
  expect(lastSent()).toEqual(['heartbeat 1']);
});

it('an event that fits into no envelope leaves a number out, too', () => {
  outbox.add(typing('a', 'b'.repeat(400), 'c'));
  expect(lastSent()).toEqual(['bestEffort 2 a c']);
});

it('a batch that could not be sent keeps its number and is not sent again', async () => {
  outbox.add(typing('a'));
  outbox.add(typing('b'));
  transport.settle.reject(new Error('lost'));
  await new Promise(setImmediate);
  expect(lastSent()).toEqual(['bestEffort 2 b']);
});

it('more than ten thousand waiting events are dropped, and their number left out', async () => {
  outbox.add(typing('a'));
  for (let i = 0; i < 10; i++) outbox.add(typing(...Array<string>(1000).fill('b')));
  outbox.add(typing('c'));
  outbox.add(typing('d'));
  await done();
  expect(lastSent()).toEqual(['bestEffort 3 d']);
});

it('sends nothing while it is closed, and says so by a number when it is open again', async () => {
  outbox.add(typing('a'));
  outbox.add(typing('b'));
  outbox.close();
  outbox.add(typing('c'));
  outbox.sendControl('heartbeat');
  transport.settle.reject(new Error('lost'));
  await outbox.flush();
  expect(transport.sent).toHaveLength(1);
  outbox.open();
  outbox.sendControl('peerUp');
  expect(lastSent()).toEqual(['peerUp 2']);
});

it('flushing waits for everything that was added', async () => {
  outbox.add(typing('a'));
  outbox.add(typing('b'));
  let flushed = false;
  const flushing = outbox.flush().then(() => (flushed = true));
  await done();
  expect(flushed).toBe(false);
  await done();
  await flushing;
  expect(transport.sent).toHaveLength(2);
});
