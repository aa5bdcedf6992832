import { backoffMs, realClock, type Clock } from './live-clock.js';
import { LiveConnection, NoWebSocket, socketOpener, type Ending, type WebSocketClass } from './live-connection.js';
import { EventListeners, MessageQueue, type LiveEvents, type LiveMessage } from './live-events.js';
import { FrameHandler, type FrameHandlerDeps } from './live-frame-handler.js';
import { Marks } from './live-marks.js';
import { PendingSends } from './live-pending-sends.js';
import { PositionTracker, type LiveState } from './live-positions.js';
import type { ClientFrame, ServerFrame } from './live-schema.js';
import { TokenKeeper, type TokenSource } from './live-token.js';
import type { Operations } from './operations.js';
import { isFinal } from './parley-error.js';
import { randomId } from './random-id.js';
import type { Input, Output } from './types.js';

type Head = Output<'getConversation'>;

export interface LiveOptions {
  /** `state()` of an earlier client, to continue where it stopped. Without one: what was not delivered yet, then what comes. */
  readonly state?: LiveState;
  /** False: a client without a state gets only what comes from now on. */
  readonly backlog?: boolean;
  /** False: received messages are not marked as delivered. */
  readonly delivered?: boolean;
  /** The WebSocket class to use: that of the package `ws`, for instance. */
  readonly webSocket?: WebSocketClass;
}

/** What a live client needs of its caller: tokens, requests and the address. */
export interface LiveCaller extends TokenSource {
  readonly api: FrameHandlerDeps['api'] &
    Pick<Operations, 'getMe'> & {
      each(name: 'listConversations', input: Input<'listConversations'>): AsyncIterable<Head>;
    };
  readonly url: string;
  /** The key of an application, and the user it acts for. */
  readonly headers: Record<string, string>;
}

/** How one connection went. */
interface Attempt {
  wasReady: boolean;
  /** Its frames no longer count, and another connection replaces it at once. */
  reconnect: boolean;
  /** Its frames no longer count, because applying one failed. */
  failed: boolean;
}

const NOT_SIGNED_IN = 4401;
/** How long to wait after the server could not store a message this time. */
const RESEND_MS = 1_000;
/** Heads per page. */
const PAGE_SIZE = 200;

/**
 * Follows the conversations of one user over a WebSocket. It connects again when the connection is lost, and continues
 * at its positions: no message of a conversation is lost, doubled or out of order. Frames are applied one after the
 * other, and the last frame of a connection before the next connection opens.
 */
export class Live implements AsyncIterable<LiveMessage> {
  private readonly listeners = new EventListeners();
  private readonly messageQueue = new MessageQueue();
  private readonly pendingSends = new PendingSends();
  private readonly positions: PositionTracker;
  private readonly marks: Marks;
  private readonly tokens: TokenKeeper;
  private readonly frames: FrameHandler;
  private connection: LiveConnection | undefined;
  private applying: Promise<void> = Promise.resolve();
  private needsHeads: boolean;
  private wasReady = false;
  private end: { readonly error?: Error } | undefined;
  private interrupt: () => void = () => undefined;
  private cancelResend: (() => void) | undefined;

  constructor(
    private readonly caller: LiveCaller,
    private readonly options: LiveOptions = {},
    private readonly clock: Clock = realClock,
  ) {
    this.positions = new PositionTracker(options.state);
    this.needsHeads = options.state === undefined;
    this.marks = new Marks(clock, (frame) => this.sendFrame(frame), options.delivered ?? true);
    this.tokens = new TokenKeeper(caller, clock);
    const { api } = caller;
    const { positions, marks, pendingSends, messageQueue, listeners } = this;
    const onUnstored = (): void => this.resendSoon();
    this.frames = new FrameHandler({ api, positions, marks, pendingSends, messageQueue, listeners, onUnstored });
    queueMicrotask(() => void this.run()); // the application has added its listeners by then
  }

  /**
   * Calls the listener with each event of this name. Returns a function that removes it. Messages wait for the first
   * listener or loop.
   */
  on<K extends keyof LiveEvents>(name: K, listener: (event: LiveEvents[K]) => void): () => void {
    const off = this.listeners.on(name, listener);
    if (name === 'message' && !this.messageQueue.isConsumed) {
      for (const message of this.messageQueue.takeAll()) this.listeners.emit('message', message);
    }
    return off;
  }

  /** Every message, one after the other, until `close()`. @throws the error that ended the client: ParleyError `not-signed-in`, for instance */
  [Symbol.asyncIterator](): AsyncGenerator<LiveMessage, void> {
    return this.messageQueue.messages();
  }

  /** Resolves when everything that was missed has arrived. @throws the error that ended the client, or that it was closed before */
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
   * Sends a message, now or as soon as there is a connection, and again with the same clientMessageId if the reply was
   * lost: the server stores it once. Messages of one client to one conversation keep their order.
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

  /** Tells the other members that the user is typing. Call it at each key: it is sent at most once a second. */
  typing(conversationId: string): void {
    this.marks.typing(conversationId);
  }

  /** The option `state` for a later client, which continues after the messages that the application has taken. */
  state(): LiveState {
    return this.positions.state(this.messageQueue.untaken);
  }

  /** Ends the client. Sends without a reply fail; whether the server stored them is not known. */
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

  /** One connection, from before it opens until its last frame is applied. */
  private async connectOnce(): Promise<Ending & Attempt> {
    this.listeners.emit('connection', { state: 'connecting' });
    await this.prepare();
    const attempt: Attempt = { wasReady: false, reconnect: false, failed: false };
    const open = await socketOpener(this.options.webSocket, this.caller.headers);
    if (this.end) return { code: 1000, wasOpen: false, ...attempt };
    const connection = new LiveConnection(
      open(this.caller.url, this.protocols()),
      this.clock,
      () => this.opened(connection),
      (frame) => this.queueFrame(frame, connection, attempt),
    );
    this.connection = connection;
    const ending = await connection.over;
    this.connection = undefined;
    this.tokens.stop();
    this.marks.pause();
    await this.applying;
    if (!ending.wasOpen) await this.caller.api.getMe(); // throws the refusal, which a browser does not show
    return { ...ending, ...attempt };
  }

  /** Loads what the connection needs: the user's id, and a position for each conversation that the client does not know. */
  private async prepare(): Promise<void> {
    this.frames.me ??= (await this.caller.api.getMe()).id;
    if (!this.needsHeads) return;
    const fromEnd = this.options.backlog === false && !this.wasReady;
    for await (const head of this.caller.api.each('listConversations', { limit: PAGE_SIZE })) {
      this.positions.start(head, fromEnd);
    }
    this.needsHeads = false;
  }

  /** The subprotocols: for a user also the token, since a browser can send it in no other way. */
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
    this.tokens.stop();
    this.cancelResend?.();
    this.marks.flush();
    this.marks.pause();
    this.connection?.end(1000);
    this.interrupt();
    this.pendingSends.fail(end.error ?? closedError());
    this.messageQueue.finish(end);
    this.listeners.emit('closed', end);
  }

  private queueFrame(frame: ServerFrame, connection: LiveConnection, attempt: Attempt): void {
    this.applying = this.applying
      .then(async () => {
        if (this.end || attempt.reconnect || attempt.failed) return;
        await this.frames.apply(frame);
        if (frame.type === 'ready') {
          attempt.wasReady = true;
          this.wasReady = true;
          this.tokens.worked();
        }
        attempt.reconnect = frame.type === 'blocks';
        if (attempt.reconnect) this.replace(connection);
      })
      .catch(() => {
        attempt.failed = true; // a request failed: the next connection continues after the frames that were applied
        connection.end();
      });
  }

  /**
   * After `blocks`. The client cannot always see whether the frame belongs to the resume, so that the groups follow as
   * `joined`. To connect again without the groups' positions is right in both cases.
   */
  private replace(connection: LiveConnection): void {
    this.needsHeads = true;
    connection.end();
  }

  private resendSoon(): void {
    this.cancelResend ??= this.clock.after(RESEND_MS, () => {
      this.cancelResend = undefined;
      this.pendingSends.sendAll((frame) => this.sendFrame(frame));
    });
  }
}

const closedError = (): Error => new Error('The live client is closed.');
