import { beforeEach, expect, it } from '@jest/globals';
import { decodeEnvelope, encodeEvent, type BusEnvelope } from './bus-envelope.js';
import { SendBuffer } from './send-buffer.js';
import type { BusTransport } from './bus-transport.js';

/** Each send lasts until the test settles it. */
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
let buffer: SendBuffer;
beforeEach(() => {
  transport = new SlowTransport();
  buffer = new SendBuffer(transport, 'me', () => 1000.4);
  buffer.open();
});

const typing = (...userIds: string[]): string[] =>
  userIds.map((userId) => encodeEvent({ name: 'typing.started', data: { conversationId: 'c', userId } } as never));
const summary = (envelope: BusEnvelope | undefined): string =>
  [
    envelope?.kind,
    envelope?.sequence,
    ...(envelope?.events ?? []).map(({ data }) => (data as { userId: string }).userId),
  ].join(' ');
const lastSent = (): string[] => transport.sent.at(-1)!.map(summary);
const done = async (): Promise<void> => {
  transport.settle.resolve();
  await new Promise(setImmediate);
};

it('sends a single event at once, and together those that come while it is in flight', async () => {
  buffer.add(typing('a'));
  expect(lastSent()).toEqual(['bestEffort 1 a']);
  buffer.add(typing('b'));
  buffer.add(typing('c', 'd'));
  expect(transport.sent).toHaveLength(1);
  await done();
  expect(lastSent()).toEqual(['bestEffort 2 b c d']);
  await done();
  buffer.add(typing('e'));
  expect(lastSent()).toEqual(['bestEffort 3 e']);
});

it('events that come within the pace of the last send wait, and go together', async () => {
  transport.paceMs = 30;
  const from = performance.now();
  buffer.add(typing('a'));
  await done();
  for (const one of ['b', 'c']) buffer.add(typing(one));
  expect(transport.sent).toHaveLength(1);
  while (transport.sent.length === 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(performance.now() - from).toBeGreaterThanOrEqual(29);
  expect(lastSent()).toEqual(['bestEffort 2 b c']);
});

it('events that do not fit into one envelope go in several, each with its number', () => {
  buffer.add(typing('a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100)));
  expect(transport.sent[0]!.map(({ sequence, events }) => [sequence, events.length])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

it('control envelopes go after the best-effort ones, once each, and carry the last number and the time', async () => {
  buffer.sendControl('peerUp');
  expect(transport.sent[0]).toEqual([
    { kind: 'peerUp', senderId: 'me', sequence: 0, sentAtMs: 1000, events: [], isReadable: true },
  ]);
  buffer.sendControl('heartbeat');
  buffer.add(typing('a'));
  buffer.sendControl('heartbeat');
  await done();
  expect(lastSent()).toEqual(['bestEffort 1 a', 'heartbeat 1']);
});

it('skipped events leave a gap of one number, once', async () => {
  buffer.leaveGap();
  buffer.leaveGap();
  buffer.sendControl('heartbeat');
  expect(lastSent()).toEqual(['heartbeat 1']);
  await done();
  buffer.sendControl('heartbeat');
  expect(lastSent()).toEqual(['heartbeat 1']);
});

it('an event that fits into no envelope leaves a gap, too', () => {
  buffer.add(typing('a', 'b'.repeat(400), 'c'));
  expect(lastSent()).toEqual(['bestEffort 2 a c']);
});

it('a failed envelope keeps its number and is not sent again', async () => {
  buffer.add(typing('a'));
  buffer.add(typing('b'));
  transport.settle.reject(new Error('lost'));
  await new Promise(setImmediate);
  expect(lastSent()).toEqual(['bestEffort 2 b']);
});

it('more than ten thousand waiting events are dropped and leave a gap', async () => {
  buffer.add(typing('a'));
  for (let i = 0; i < 10; i++) buffer.add(typing(...Array<string>(1000).fill('b')));
  buffer.add(typing('c'));
  buffer.add(typing('d'));
  await done();
  expect(lastSent()).toEqual(['bestEffort 3 d']);
});

it('a closed buffer sends nothing, and leaves a gap for it when it is open again', async () => {
  buffer.add(typing('a'));
  buffer.add(typing('b'));
  buffer.close();
  buffer.add(typing('c'));
  buffer.sendControl('heartbeat');
  transport.settle.reject(new Error('lost'));
  await buffer.flush();
  expect(transport.sent).toHaveLength(1);
  buffer.open();
  buffer.sendControl('peerUp');
  expect(lastSent()).toEqual(['peerUp 2']);
});

it('a control envelope that waits while the buffer is closed is not sent later', async () => {
  buffer.add(typing('a'));
  buffer.sendControl('heartbeat');
  buffer.close();
  await done();
  buffer.open();
  buffer.sendControl('peerUp');
  expect(transport.sent.slice(1).map((envelopes) => envelopes.map(summary))).toEqual([['peerUp 1']]);
});

it('events that wait when the buffer closes are not sent later, and leave a gap', async () => {
  buffer.add(typing('a'));
  buffer.add(typing('b'));
  buffer.close();
  await done();
  buffer.open();
  buffer.add(typing('c'));
  expect(lastSent()).toEqual(['bestEffort 3 c']);
});

it('flush waits for every event that was added', async () => {
  buffer.add(typing('a'));
  buffer.add(typing('b'));
  let flushed = false;
  const flushing = buffer.flush().then(() => (flushed = true));
  await done();
  expect(flushed).toBe(false);
  await done();
  await flushing;
  expect(transport.sent).toHaveLength(2);
});
