import { beforeEach, expect, it } from '@jest/globals';
import { decodeLetter, encodeEvent, type Letter } from './bus-envelope.js';
import { Outbox } from './send-buffer.js';
import type { Transport } from './bus-transport.js';

/** Holds what is sent until it is told to go on. */
class SlowTransport implements Transport {
  readonly name = 'slow';
  readonly maxBytes = 400;
  paceMs = 0;
  readonly sent: Letter[][] = [];
  settle: { resolve: () => void; reject: (error: Error) => void } = { resolve: () => {}, reject: () => {} };

  send(letters: readonly string[]): Promise<void> {
    this.sent.push(letters.map((letter) => decodeLetter(letter)!));
    return new Promise((resolve, reject) => (this.settle = { resolve, reject }));
  }
  async open(): Promise<void> {}
  reconnect(): void {}
  async close(): Promise<void> {}
}

let transport: SlowTransport;
let outbox: Outbox;
beforeEach(() => {
  transport = new SlowTransport();
  outbox = new Outbox(transport, 'me', () => 1000.4);
  outbox.open();
});

const typing = (...userIds: string[]): string[] =>
  userIds.map((userId) => encodeEvent({ name: 'typing.started', data: { conversationId: 'c', userId } } as never));
const said = (letter: Letter | undefined): string =>
  [letter?.kind, letter?.n, ...(letter?.events ?? []).map(({ data }) => (data as { userId: string }).userId)].join(' ');
const lastSent = (): string[] => transport.sent.at(-1)!.map(said);
const done = async (): Promise<void> => {
  transport.settle.resolve();
  await new Promise(setImmediate);
};

it('sends at once what comes alone, and together what comes while that is in flight', async () => {
  outbox.add(typing('a'));
  expect(lastSent()).toEqual(['batch 1 a']);
  outbox.add(typing('b'));
  outbox.add(typing('c', 'd'));
  expect(transport.sent).toHaveLength(1);
  await done();
  expect(lastSent()).toEqual(['batch 2 b c d']);
  await done();
  outbox.add(typing('e'));
  expect(lastSent()).toEqual(['batch 3 e']);
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
  expect(lastSent()).toEqual(['batch 2 b c']);
});

it('numbers every letter of a batch that does not fit into one', () => {
  outbox.add(typing('a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100)));
  expect(transport.sent[0]!.map(({ n, events }) => [n, events.length])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

it('signs of life go behind the batches, once each, and tell the last number and the time', async () => {
  outbox.say('hello');
  expect(transport.sent[0]).toEqual([{ kind: 'hello', from: 'me', n: 0, at: 1000, events: [], readable: true }]);
  outbox.say('beat');
  outbox.add(typing('a'));
  outbox.say('beat');
  await done();
  expect(lastSent()).toEqual(['batch 1 a', 'beat 1']);
});

it('events that are skipped leave a number out', () => {
  outbox.skip();
  outbox.skip();
  outbox.say('beat');
  expect(lastSent()).toEqual(['beat 1']);
});

it('an event that fits into no letter leaves a number out, too', () => {
  outbox.add(typing('a', 'b'.repeat(400), 'c'));
  expect(lastSent()).toEqual(['batch 2 a c']);
});

it('a batch that could not be sent keeps its number and is not sent again', async () => {
  outbox.add(typing('a'));
  outbox.add(typing('b'));
  transport.settle.reject(new Error('lost'));
  await new Promise(setImmediate);
  expect(lastSent()).toEqual(['batch 2 b']);
});

it('more than ten thousand waiting events are dropped, and their number left out', async () => {
  outbox.add(typing('a'));
  for (let i = 0; i < 10; i++) outbox.add(typing(...Array<string>(1000).fill('b')));
  outbox.add(typing('c'));
  outbox.add(typing('d'));
  await done();
  expect(lastSent()).toEqual(['batch 3 d']);
});

it('sends nothing while it is closed, and says so by a number when it is open again', async () => {
  outbox.add(typing('a'));
  outbox.add(typing('b'));
  outbox.close();
  outbox.add(typing('c'));
  outbox.say('beat');
  transport.settle.reject(new Error('lost'));
  await outbox.flush();
  expect(transport.sent).toHaveLength(1);
  outbox.open();
  outbox.say('hello');
  expect(lastSent()).toEqual(['hello 2']);
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
