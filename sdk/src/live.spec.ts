import { afterEach, expect, it } from '@jest/globals';
import type { Clock } from './live-clock.js';
import type { LiveMessage } from './live-events.js';
import { Live, type LiveOptions } from './live.js';
import type { ClientFrame, ServerFrame } from './live-schema.js';
import { ParleyError } from './parley-error.js';

const ME = 'me';

/** A clock that stands still until a test moves it. */
class FakeClock implements Clock {
  private timers: { readonly at: number; readonly call: () => void }[] = [];
  private time = 0;

  now = (): number => this.time;
  random = (): number => 1;
  after = (ms: number, call: () => void): (() => void) => {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((one) => one !== timer));
  };

  /** Runs the timers that are due, in order. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await turns();
    }
    this.time = until;
    await turns();
  }
}

/** Runs everything that needs no timer. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A WebSocket whose other side is the test. */
class FakeSocket {
  static made: FakeSocket[] = [];
  readonly sent: ClientFrame[] = [];
  readyState = 0;
  isClosed = false;
  private readonly listeners = new Map<string, (event: unknown) => void>();

  constructor(
    readonly url: string,
    readonly protocols: string[],
    readonly options?: { headers: object },
  ) {
    FakeSocket.made.push(this);
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.listeners.set(type, listener);
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(): void {
    this.isClosed = true;
    this.readyState = 3;
  }

  async open(): Promise<void> {
    this.readyState = 1;
    this.listeners.get('open')!({});
    await turns();
  }

  async receive(...frames: ServerFrame[]): Promise<void> {
    for (const frame of frames) this.listeners.get('message')!({ data: JSON.stringify(frame) });
    await turns();
  }

  async lose(code = 1006): Promise<void> {
    this.readyState = 3;
    this.listeners.get('close')!({ code });
    await turns();
  }

  sentOf(type: ClientFrame['type']): ClientFrame[] {
    return this.sent.filter((frame) => frame.type === type);
  }
}

const READY: ServerFrame = { type: 'ready', userId: ME, blocksVersion: 0 };

const message = (seq: number, conversationId = 'a'): LiveMessage => ({
  id: `${conversationId}.${seq}`,
  conversationId,
  seq,
  sender: { id: 'ana', displayName: 'Ana', deleted: false },
  recipient: { kind: 'group', id: conversationId },
  text: `${conversationId} ${seq}`,
  sentAt: '2026-03-01T09:30:00.125Z',
  read: false,
});

const messageFrame = (afterSeq: number, seq: number, conversationId = 'a'): ServerFrame => ({
  type: 'message',
  afterSeq,
  message: message(seq, conversationId),
});

const headOf = (id: string, lastSeq = 0): object => ({
  id,
  kind: 'group',
  lastSeq,
  joinedSeq: 0,
  deliveredSeq: lastSeq,
});

interface World {
  heads?: object[];
  /** The seqs that windows return. */
  log?: number[];
  token?: () => string | undefined;
  renew?: () => Promise<void> | undefined;
  headers?: Record<string, string>;
  /** Whether the test has a listener for messages. */
  hasListener?: boolean;
}

const lives: Live[] = [];
afterEach(() => {
  for (const live of lives.splice(0)) live.close();
  FakeSocket.made = [];
});

async function begin(world: World = {}, options: LiveOptions = {}) {
  const clock = new FakeClock();
  const requests: string[] = [];
  const api = {
    getMe: async () => {
      requests.push('me');
      return { id: ME };
    },
    getConversation: async ({ conversation }: { conversation: string }) => headOf(conversation),
    listConversationMessages: async ({ afterSeq = 0 }) => {
      requests.push(`after ${afterSeq}`);
      const items = (world.log ?? [])
        .filter((seq) => seq > afterSeq)
        .slice(0, 2)
        .map((seq) => message(seq));
      return { items, afterSeq, toSeq: items.at(-1)?.seq ?? afterSeq, more: false };
    },
    async *each() {
      requests.push('heads');
      yield* world.heads ?? [];
    },
  };
  const caller = {
    api,
    url: 'ws://parley/v1/live',
    headers: world.headers ?? {},
    token: world.token ?? (() => 'token'),
    renew: world.renew ?? (() => undefined),
  };
  const live = new Live(caller as never, { webSocket: FakeSocket, ...options }, clock);
  lives.push(live);
  const texts: string[] = [];
  if (world.hasListener ?? true) live.on('message', ({ text }) => texts.push(text));
  await turns();
  return { live, clock, texts, requests, sockets: FakeSocket.made, socket: () => FakeSocket.made.at(-1)! };
}

it('a live client takes its positions from the heads of conversations before it connects', async () => {
  const { socket } = await begin({ heads: [headOf('a', 7)] });
  expect(socket()).toMatchObject({ url: 'ws://parley/v1/live', protocols: ['parley.v1', 'bearer.token'] });
  await socket().open();
  expect(socket().sent).toEqual([{ type: 'resume', positions: { a: { seq: 7, joinedSeq: 0 } } }]);
});

it('a live client of an application sends headers, and no token as a subprotocol', async () => {
  const { socket } = await begin({ token: () => undefined, headers: { 'X-Api-Key': 'key' } });
  expect(socket()).toMatchObject({ protocols: ['parley.v1'], options: { headers: { 'X-Api-Key': 'key' } } });
});

it('a live client shows a message once, and continues at its position after the connection is lost', async () => {
  const { socket, texts, clock, live } = await begin({ heads: [headOf('a')] });
  await socket().open();
  await socket().receive(READY, messageFrame(0, 1), messageFrame(1, 2), messageFrame(1, 2), messageFrame(0, 1));
  await socket().lose();
  expect(live.state()).toEqual({ positions: { a: { seq: 2, joinedSeq: 0, kind: 'group' } }, blocksVersion: 0 });
  await clock.pass(499);
  expect(FakeSocket.made).toHaveLength(1);
  await clock.pass(1);
  await socket().open();
  expect(socket().sent[0]).toEqual({ type: 'resume', positions: { a: { seq: 2, joinedSeq: 0 } }, blocksVersion: 0 });
  await socket().receive(messageFrame(2, 4));
  expect(texts).toEqual(['a 1', 'a 2', 'a 4']);
});

it('a live client reads the missing messages before it shows a message after a gap', async () => {
  const { socket, texts, requests } = await begin({ heads: [headOf('a', 1)], log: [1, 2, 3, 5, 6] });
  await socket().open();
  await socket().receive(messageFrame(5, 6), messageFrame(6, 7));
  expect(texts).toEqual(['a 2', 'a 3', 'a 5', 'a 6', 'a 7']);
  expect(requests).toEqual(['me', 'heads', 'after 1', 'after 3']);
});

it('a live client waits longer after each failed attempt, and starts over after a connection that worked', async () => {
  const waits: number[] = [];
  const { live, socket, clock } = await begin();
  live.on('connection', (event) => event.state === 'waiting' && waits.push(event.retryInMs));
  for (let i = 0; i < 4; i++) {
    await socket().lose();
    await clock.pass(waits.at(-1)!);
  }
  await socket().open();
  await socket().receive(READY);
  await socket().lose(1001);
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 500]);
});

it('a live client gives up a connection that sends nothing, not even a pong', async () => {
  const { socket, clock, sockets } = await begin();
  await socket().open();
  await socket().receive(READY);
  await clock.pass(40_000);
  expect(socket().sent.at(-1)).toEqual({ type: 'ping' });
  await socket().receive({ type: 'pong' });
  await clock.pass(40_000);
  await clock.pass(10_000);
  expect(sockets[0]!.isClosed).toBe(true);
  await clock.pass(500);
  expect(sockets).toHaveLength(2);
});

it('a live client sends a message without a reply again, with the same clientMessageId', async () => {
  const { live, socket, clock } = await begin();
  const first = live.send('@ben', 'before it is open');
  await socket().open();
  const second = live.send('@ben', 'answer lost');
  const sentFirst = socket().sentOf('send');
  expect(sentFirst).toMatchObject([{ text: 'before it is open' }, { text: 'answer lost' }]);
  await socket().receive({ type: 'reply', ref: '1', status: 201, message: message(1) });
  expect((await first).seq).toBe(1);
  await socket().lose();
  await clock.pass(1_000);
  await socket().open();
  expect(socket().sentOf('send')).toEqual([sentFirst[1]]);

  await socket().receive({ type: 'reply', ref: '2', status: 503, problem: { code: 'unavailable' } as never });
  await clock.pass(1_000);
  expect(socket().sentOf('send')).toHaveLength(2);
  const refusal = second.catch((error: unknown) => error);
  await socket().receive({ type: 'reply', ref: '2', status: 403, problem: { code: 'recipient-blocked-you' } as never });
  expect(await refusal).toMatchObject({ status: 403, code: 'recipient-blocked-you' });
});

it('a live client marks received messages together, and repeats a read marker until the server confirms it', async () => {
  const { live, socket, clock } = await begin({ heads: [headOf('a')] });
  live.read({ conversationId: 'a', seq: 1 });
  await socket().open();
  await socket().receive(READY, messageFrame(0, 1), messageFrame(1, 2));
  await clock.pass(500);
  expect(socket().sent.slice(1)).toEqual([
    { type: 'read', messageId: 'a.1' },
    { type: 'delivered', messageId: 'a.2' },
  ]);
  await socket().receive({ type: 'receipt', conversationId: 'a', userId: ME, readSeq: 1, deliveredSeq: 2 });
  await socket().lose();
  await clock.pass(500);
  await socket().open();
  expect(socket().sentOf('read')).toEqual([]);
});

it('a live client drops its groups after a block, and connects again without their positions', async () => {
  const world = { heads: [headOf('a', 3)] };
  const { live, socket, texts } = await begin(world);
  const gone: object[] = [];
  live.on('gone', (event) => gone.push(event));
  await socket().open();
  await socket().receive(READY, { type: 'blocks', blocksVersion: 1 }, messageFrame(3, 4));
  expect(gone).toEqual([{ conversationId: 'a', reason: 'blocks' }]);
  await socket().open();
  expect(socket().sent[0]).toEqual({ type: 'resume', positions: { a: { seq: 3, joinedSeq: 0 } }, blocksVersion: 1 });
  expect(texts).toEqual([]);
});

it('a conversation starts again when the user joins it, and ends when the user leaves it', async () => {
  const { live, socket, texts } = await begin({ heads: [headOf('a', 3)] });
  const gone: unknown[] = [];
  live.on('gone', ({ reason }) => gone.push(reason));
  await socket().open();
  const user = { id: ME, displayName: 'Me', deleted: false };
  const conversation = { ...headOf('a', 1), joinedSeq: 1, readSeq: 1, unread: 0 } as never;
  await socket().receive(
    { type: 'conversation', conversationId: 'a', change: 'joined', user, conversation },
    messageFrame(1, 2),
    { type: 'conversation', conversationId: 'a', change: 'left', user: { ...user, id: 'ana' } },
    { type: 'conversation', conversationId: 'a', change: 'left', user },
  );
  expect(texts).toEqual(['a 2']);
  expect(gone).toEqual(['joined', 'left']);
  expect(live.state().positions).toEqual({});
});

it('a live client renews a refused token once, and ends if the server refuses the new one as well', async () => {
  let token = 'old';
  const renew = async (): Promise<void> => void (token = `new ${token}`);
  const { live, socket, sockets } = await begin({ token: () => token, renew });
  const ended = new Promise<{ error?: Error }>((resolve) => live.on('closed', resolve));
  await socket().open();
  await socket().lose(4401);
  expect(socket().protocols).toEqual(['parley.v1', 'bearer.new old']);
  await socket().open();
  await socket().lose(4401);
  expect((await ended).error).toBeInstanceOf(ParleyError);
  expect(sockets).toHaveLength(2);
  await expect(live.ready()).rejects.toMatchObject({ code: 'not-signed-in' });
});

it('a message waits for a loop to take it, and the state does not pass it before', async () => {
  const { live, socket } = await begin({ heads: [headOf('a')], hasListener: false });
  await socket().open();
  await socket().receive(messageFrame(0, 1), messageFrame(1, 2));
  expect(live.state().positions.a!.seq).toBe(0);
  const seen: number[] = [];
  for await (const { seq } of live) {
    seen.push(seq);
    expect(live.state().positions.a!.seq).toBe(seq - 1);
    if (seq === 2) break;
  }
  expect(seen).toEqual([1, 2]);
  expect(live.state().positions.a!.seq).toBe(2);
});
