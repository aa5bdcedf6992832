import { afterEach, expect, it } from '@jest/globals';
import type { Clock } from './live-clock.js';
import type { LiveMessage } from './live-events.js';
import { Live, type LiveOptions } from './live.js';
import type { ClientFrame, ServerFrame } from './live-schema.js';
import { ParleyError } from './parley-error.js';

const ME = 'me';

/** Time that stands still until a test moves it. */
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

  /** Runs what is due, in its order. */
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

/** Lets everything happen that needs no time. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A WebSocket whose other side is the test. */
class FakeSocket {
  static made: FakeSocket[] = [];
  readonly said: ClientFrame[] = [];
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
    this.said.push(JSON.parse(data) as ClientFrame);
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

  async tell(...frames: ServerFrame[]): Promise<void> {
    for (const frame of frames) this.listeners.get('message')!({ data: JSON.stringify(frame) });
    await turns();
  }

  async lose(code = 1006): Promise<void> {
    this.readyState = 3;
    this.listeners.get('close')!({ code });
    await turns();
  }

  saidOf(type: ClientFrame['type']): ClientFrame[] {
    return this.said.filter((frame) => frame.type === type);
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

const told = (afterSeq: number, seq: number, conversationId = 'a'): ServerFrame => ({
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
  /** Seqs that windows find. */
  log?: number[];
  token?: () => string | undefined;
  renew?: () => Promise<void> | undefined;
  headers?: Record<string, string>;
  /** Whether somebody listens to messages. */
  isHeard?: boolean;
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
  if (world.isHeard ?? true) live.on('message', ({ text }) => texts.push(text));
  await turns();
  return { live, clock, texts, requests, sockets: FakeSocket.made, socket: () => FakeSocket.made.at(-1)! };
}

it('begins where the heads say, so that it has a position in each conversation before anything is told', async () => {
  const { socket } = await begin({ heads: [headOf('a', 7)] });
  expect(socket()).toMatchObject({ url: 'ws://parley/v1/live', protocols: ['parley.v1', 'bearer.token'] });
  await socket().open();
  expect(socket().said).toEqual([{ type: 'resume', positions: { a: { seq: 7, joinedSeq: 0 } } }]);
});

it('an application sends headers, and no token as a subprotocol', async () => {
  const { socket } = await begin({ token: () => undefined, headers: { 'X-Api-Key': 'key' } });
  expect(socket()).toMatchObject({ protocols: ['parley.v1'], options: { headers: { 'X-Api-Key': 'key' } } });
});

it('shows a message once, and goes on where it was after the connection is lost', async () => {
  const { socket, texts, clock, live } = await begin({ heads: [headOf('a')] });
  await socket().open();
  await socket().tell(READY, told(0, 1), told(1, 2), told(1, 2), told(0, 1));
  await socket().lose();
  expect(live.state()).toEqual({ positions: { a: { seq: 2, joinedSeq: 0, kind: 'group' } }, blocksVersion: 0 });
  await clock.pass(499);
  expect(FakeSocket.made).toHaveLength(1);
  await clock.pass(1);
  await socket().open();
  expect(socket().said[0]).toEqual({ type: 'resume', positions: { a: { seq: 2, joinedSeq: 0 } }, blocksVersion: 0 });
  await socket().tell(told(2, 4));
  expect(texts).toEqual(['a 1', 'a 2', 'a 4']);
});

it('reads what a frame skips before it shows it', async () => {
  const { socket, texts, requests } = await begin({ heads: [headOf('a', 1)], log: [1, 2, 3, 5, 6] });
  await socket().open();
  await socket().tell(told(5, 6), told(6, 7));
  expect(texts).toEqual(['a 2', 'a 3', 'a 5', 'a 6', 'a 7']);
  expect(requests).toEqual(['me', 'heads', 'after 1', 'after 3']);
});

it('tries again later each time while it cannot connect, and at once anew after it could', async () => {
  const waits: number[] = [];
  const { live, socket, clock } = await begin();
  live.on('connection', (event) => event.state === 'waiting' && waits.push(event.retryInMs));
  for (let i = 0; i < 4; i++) {
    await socket().lose();
    await clock.pass(waits.at(-1)!);
  }
  await socket().open();
  await socket().tell(READY);
  await socket().lose(1001);
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 500]);
});

it('gives up a connection that says nothing, not even to a ping', async () => {
  const { socket, clock, sockets } = await begin();
  await socket().open();
  await socket().tell(READY);
  await clock.pass(40_000);
  expect(socket().said.at(-1)).toEqual({ type: 'ping' });
  await socket().tell({ type: 'pong' });
  await clock.pass(40_000);
  await clock.pass(10_000);
  expect(sockets[0]!.isClosed).toBe(true);
  await clock.pass(500);
  expect(sockets).toHaveLength(2);
});

it('says again, with the same id, what was sent and not answered', async () => {
  const { live, socket, clock } = await begin();
  const first = live.send('@ben', 'before it is open');
  await socket().open();
  const second = live.send('@ben', 'answer lost');
  const saidFirst = socket().saidOf('send');
  expect(saidFirst).toMatchObject([{ text: 'before it is open' }, { text: 'answer lost' }]);
  await socket().tell({ type: 'reply', ref: '1', status: 201, message: message(1) });
  expect((await first).seq).toBe(1);
  await socket().lose();
  await clock.pass(1_000);
  await socket().open();
  expect(socket().saidOf('send')).toEqual([saidFirst[1]]);

  await socket().tell({ type: 'reply', ref: '2', status: 503, problem: { code: 'unavailable' } as never });
  await clock.pass(1_000);
  expect(socket().saidOf('send')).toHaveLength(2);
  const refusal = second.catch((error: unknown) => error);
  await socket().tell({ type: 'reply', ref: '2', status: 403, problem: { code: 'recipient-blocked-you' } as never });
  expect(await refusal).toMatchObject({ status: 403, code: 'recipient-blocked-you' });
});

it('marks what it received together, and reads until the server has them', async () => {
  const { live, socket, clock } = await begin({ heads: [headOf('a')] });
  live.read({ conversationId: 'a', seq: 1 });
  await socket().open();
  await socket().tell(READY, told(0, 1), told(1, 2));
  await clock.pass(500);
  expect(socket().said.slice(1)).toEqual([
    { type: 'read', messageId: 'a.1' },
    { type: 'delivered', messageId: 'a.2' },
  ]);
  await socket().tell({ type: 'receipt', conversationId: 'a', userId: ME, readSeq: 1, deliveredSeq: 2 });
  await socket().lose();
  await clock.pass(500);
  await socket().open();
  expect(socket().saidOf('read')).toEqual([]);
});

it('drops the groups after a block, and connects again without them', async () => {
  const world = { heads: [headOf('a', 3)] };
  const { live, socket, texts } = await begin(world);
  const gone: object[] = [];
  live.on('gone', (event) => gone.push(event));
  await socket().open();
  await socket().tell(READY, { type: 'blocks', blocksVersion: 1 }, told(3, 4));
  expect(gone).toEqual([{ conversationId: 'a', reason: 'blocks' }]);
  await socket().open();
  expect(socket().said[0]).toEqual({ type: 'resume', positions: { a: { seq: 3, joinedSeq: 0 } }, blocksVersion: 1 });
  expect(texts).toEqual([]);
});

it('begins anew where it was joined, and ends where it was left', async () => {
  const { live, socket, texts } = await begin({ heads: [headOf('a', 3)] });
  const gone: unknown[] = [];
  live.on('gone', ({ reason }) => gone.push(reason));
  await socket().open();
  const user = { id: ME, displayName: 'Me', deleted: false };
  const conversation = { ...headOf('a', 1), joinedSeq: 1, readSeq: 1, unread: 0 } as never;
  await socket().tell(
    { type: 'conversation', conversationId: 'a', change: 'joined', user, conversation },
    told(1, 2),
    { type: 'conversation', conversationId: 'a', change: 'left', user: { ...user, id: 'ana' } },
    { type: 'conversation', conversationId: 'a', change: 'left', user },
  );
  expect(texts).toEqual(['a 2']);
  expect(gone).toEqual(['joined', 'left']);
  expect(live.state().positions).toEqual({});
});

it('renews a refused token once; one that is refused as well is the end', async () => {
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

it('a message waits for whoever takes it first: a loop, from where the state goes on', async () => {
  const { live, socket } = await begin({ heads: [headOf('a')], isHeard: false });
  await socket().open();
  await socket().tell(told(0, 1), told(1, 2));
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
