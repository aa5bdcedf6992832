import { backoffMs, realClock, type Clock } from './live-clock.js';
import { LiveConnection, NoWebSocket, socketOpener, type Ending, type WebSocketClass } from './live-connection.js';
import { MessageQueue, Listeners, type LiveEvents, type LiveMessage } from './live-events.js';
import { FrameHandler, type FrameHandlerDeps } from './live-frame-handler.js';
import { Marks } from './live-marks.js';
import { PendingSends } from './live-pending-sends.js';
import { Positions, type LiveState } from './live-positions.js';
import type { ClientFrame, ServerFrame } from './live-schema.js';
import { TokenKeeper, type TokenSource } from './live-token.js';
import type { Operations } from './operations.js';
import { isFinal } from './parley-error.js';
import { randomId } from './random-id.js';
import type { Input, Output } from './types.js';

type Head = Output<'getConversation'>;

export interface LiveOptions {
  /** Where an earlier client stopped: its `state()`. Without one it begins at what was not delivered yet. */
  readonly state?: LiveState;
  /** False: without a state it begins at what comes from now on. */
  readonly backlog?: boolean;
  /** False: what is received is not marked as delivered. */
  readonly delivered?: boolean;
  /** The WebSocket to use: that of the package `ws`, for instance. */
  readonly webSocket?: WebSocketClass;
}

/** Who follows. */
export interface LiveCaller extends TokenSource {
  readonly api: FrameHandlerDeps['api'] &
    Pick<Operations, 'getMe'> & {
      each(name: 'listConversations', input: Input<'listConversations'>): AsyncIterable<Head>;
    };
  readonly url: string;
  /** Of an application. */
  readonly headers: Record<string, string>;
}

/** What became of one connection. */
interface Attempt {
  wasReady: boolean;
  /** Its frames no longer count, and it is replaced at once. */
  reconnect: boolean;
  /** Its frames no longer count: applying one failed. */
  failed: boolean;
}

const NOT_SIGNED_IN = 4401;
/** After the server could not store a message this time. */
const SEND_AGAIN_MS = 1_000;
/** Heads of one page. */
const PAGE = 200;

/**
 * Follows what happens to one user over a WebSocket that it keeps up. It connects again when the connection is lost and
 * goes on where it was: no message of a conversation is lost, told twice or out of order. Frames are applied one after
 * the other, and a connection's last before the next connection opens.
 */
export class Live implements AsyncIterable<LiveMessage> {
  private readonly listeners = new Listeners();
  private readonly messageQueue = new MessageQueue();
  private readonly pendingSends = new PendingSends();
  private readonly positions: Positions;
  private readonly marks: Marks;
  private readonly tokens: TokenKeeper;
  private readonly frames: FrameHandler;
  private connection: LiveConnection | undefined;
  private applying: Promise<void> = Promise.resolve();
  private needsHeads: boolean;
  private wasReady = false;
  private end: { readonly error?: Error } | undefined;
  private interrupt: () => void = () => undefined;
  private cancelSending: (() => void) | undefined;

  constructor(
    private readonly caller: LiveCaller,
    private readonly options: LiveOptions = {},
    private readonly clock: Clock = realClock,
  ) {
    this.positions = new Positions(options.state);
    this.needsHeads = options.state === undefined;
    this.marks = new Marks(clock, (frame) => this.sendFrame(frame), options.delivered ?? true);
    this.tokens = new TokenKeeper(caller, clock);
    const { api } = caller;
    const { positions, marks, pendingSends, messageQueue, listeners } = this;
    const onUnstored = (): void => this.sendAgainSoon();
    this.frames = new FrameHandler({ api, positions, marks, pendingSends, messageQueue, listeners, onUnstored });
    queueMicrotask(() => void this.run()); // who made it listens by then
  }

  /**
   * Calls the listener with each of these events; answers how to end that. Messages that nobody has taken wait for the
   * first listener, or loop.
   */
  on<K extends keyof LiveEvents>(name: K, listener: (event: LiveEvents[K]) => void): () => void {
    const off = this.listeners.on(name, listener);
    if (name === 'message' && !this.messageQueue.isConsumed) {
      for (const message of this.messageQueue.takeAll()) this.listeners.emit('message', message);
    }
    return off;
  }

  /** Every message, one after the other, until `close()`. @throws what ended it for good: ParleyError `not-signed-in`, for instance */
  [Symbol.asyncIterator](): AsyncGenerator<LiveMessage, void> {
    return this.messageQueue.messages();
  }

  /** Resolves when everything that was missed has been told. @throws what ended it for good, or that it was closed before */
  async ready(): Promise<void> {
    if (this.wasReady) return;
    if (this.end) throw this.end.error ?? closedError();
    await new Promise<void>((resolve, reject) => {
      const offs = [
        this.on('ready', () => done(resolve)),
        this.on('closed', ({ error }) => done(() => reject(error ?? closedError()))),
      ];
      const done = (settle: () => void): void => {
        offs.forEach((off) => off());
        settle();
      };
    });
  }

  /**
   * Sends a message, now or as soon as there is a connection, and again with the same clientMessageId where the answer
   * was lost: it is stored once. Messages of one client to one conversation keep their order.
   *
   * @throws ParleyError as `sendMessage` does
   */
  async send(recipient: string, text: string, { clientMessageId = randomId() } = {}): Promise<LiveMessage> {
    if (this.end) throw closedError();
    return this.pendingSends.add(recipient, text, clientMessageId, (frame) => this.sendFrame(frame));
  }

  /** Marks a message, and everything before it in its conversation, as read: now or as soon as there is a connection. */
  read(message: Pick<LiveMessage, 'conversationId' | 'seq'>): void {
    this.marks.read(message);
  }

  /** Tells the others that the user is typing. Call it at each key: it is said once a second at most. */
  typing(conversationId: string): void {
    this.marks.typing(conversationId);
  }

  /** Where a client goes on that is given this as `state`: after the messages that were taken. */
  state(): LiveState {
    return this.positions.state(this.messageQueue.untaken);
  }

  /** Ends it. What waits to be sent fails; whether a message without an answer was stored is then not known. */
  close(): void {
    this.finish({});
  }

  // ---- connecting ----

  private async run(): Promise<void> {
    for (let attempt = 0; !this.end;) {
      let because: string;
      try {
        const ending = await this.connectOnce();
        if (this.end) return;
        if (ending.wasReady) attempt = 0;
        if (ending.reconnect) continue;
        if (ending.code === NOT_SIGNED_IN) {
          await this.tokens.replace();
          continue;
        }
        because = `closed with ${ending.code}`;
      } catch (error) {
        if (isFinal(error) || error instanceof NoWebSocket) return this.finish({ error });
        because = (error as Error).message;
      }
      if (this.end) return;
      const retryInMs = backoffMs(attempt++, this.clock);
      this.listeners.emit('connection', { state: 'waiting', retryInMs, because });
      await this.pause(retryInMs);
    }
  }

  /** One connection, from before it opens until its last frame is applied. `anew`: it is to be replaced at once. */
  private async connectOnce(): Promise<Ending & Attempt> {
    this.listeners.emit('connection', { state: 'connecting' });
    await this.prepare();
    const course: Attempt = { wasReady: false, reconnect: false, failed: false };
    const open = await socketOpener(this.options.webSocket, this.caller.headers);
    if (this.end) return { code: 1000, wasOpen: false, ...course };
    const connection = new LiveConnection(
      open(this.caller.url, this.protocols()),
      this.clock,
      () => this.opened(connection),
      (frame) => this.later(frame, connection, course),
    );
    this.connection = connection;
    const ending = await connection.over;
    this.connection = undefined;
    this.tokens.rest();
    this.marks.pause();
    await this.applying;
    if (!ending.wasOpen) await this.caller.api.getMe(); // says why, where a browser is not shown it
    return { ...ending, ...course };
  }

  /** What has to be known before: who the user is, and where conversations begin that the client does not know. */
  private async prepare(): Promise<void> {
    this.frames.me ??= (await this.caller.api.getMe()).id;
    if (!this.needsHeads) return;
    const fromEnd = this.options.backlog === false && !this.wasReady;
    for await (const head of this.caller.api.each('listConversations', { limit: PAGE })) {
      this.positions.start(head, fromEnd);
    }
    this.needsHeads = false;
  }

  /** Of a user also the token, as browsers can send it in no other way. */
  private protocols(): string[] {
    const token = this.tokens.take();
    return ['parley.v1', ...(token === undefined ? [] : [`bearer.${token}`])];
  }

  private opened(connection: LiveConnection): void {
    const { blocksVersion } = this.positions;
    connection.send({
      type: 'resume',
      positions: this.positions.resume(),
      ...(blocksVersion !== undefined && { blocksVersion }),
    });
    this.pendingSends.sendAll((frame) => this.sendFrame(frame));
    this.marks.sendAll();
    this.tokens.watch((token) => this.sendFrame({ type: 'auth', token }));
    this.listeners.emit('connection', { state: 'open' });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(ms, resolve);
      this.interrupt = () => {
        cancel();
        resolve();
      };
    });
  }

  private sendFrame(frame: ClientFrame): void {
    this.connection?.send(frame);
  }

  private finish(end: { readonly error?: Error }): void {
    if (this.end) return;
    this.end = end;
    this.tokens.rest();
    this.cancelSending?.();
    this.marks.flush();
    this.marks.pause();
    this.connection?.end(1000);
    this.interrupt();
    this.pendingSends.fail(end.error ?? closedError());
    this.messageQueue.finish(end);
    this.listeners.emit('closed', end);
  }

  private later(frame: ServerFrame, connection: LiveConnection, course: Attempt): void {
    this.applying = this.applying
      .then(async () => {
        if (this.end || course.reconnect || course.failed) return;
        await this.frames.apply(frame);
        if (frame.type === 'ready') {
          course.wasReady = true;
          this.wasReady = true;
          this.tokens.worked();
        }
        course.reconnect = frame.type === 'blocks';
        if (course.reconnect) this.replace(connection);
      })
      .catch(() => {
        course.failed = true; // a request did: the next connection goes on from what was applied
        connection.end();
      });
  }

  /**
   * After `blocks`. Whether that belongs to the resume, and the groups follow as joined anew, cannot be seen in every
   * case: connecting again without the groups' positions is right in both.
   */
  private replace(connection: LiveConnection): void {
    this.needsHeads = true;
    connection.end();
  }

  private sendAgainSoon(): void {
    this.cancelSending ??= this.clock.after(SEND_AGAIN_MS, () => {
      this.cancelSending = undefined;
      this.pendingSends.sendAll((frame) => this.sendFrame(frame));
    });
  }
}

const closedError = (): Error => new Error('The live client is closed.');
