import type { Clock } from './live-clock.js';
import type { ClientFrame, ServerFrame } from './live-schema.js';

/** The browser's WebSocket, Node's own from version 22 on, or that of the package `ws`. */
export type WebSocketClass = new (...parameters: never[]) => {
  readonly readyState: number;
  send(data: string): void;
  close(): void;
};

/** The part of a WebSocket that this client uses. */
export interface Socket extends InstanceType<WebSocketClass> {
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void;
}

/** Opens a WebSocket, with headers if there are any to send. */
export type OpenSocket = (url: string, protocols: string[]) => Socket;

/** How a connection ended. Code 1006: it was lost. */
export interface Ending {
  readonly code: number;
  readonly wasOpen: boolean;
}

const OPEN = 1;
/** How long a connection may take to open. */
const OPENING_MS = 15_000;
/** A browser does not show the server's pings, so a client sends a `ping` after this long without a frame. */
const IDLE_MS = 40_000;
/** A connection ends if nothing arrives for this long after the `ping`. */
const PONG_MS = 10_000;

/** One WebSocket, from opening to end. `over` resolves once, and within a bounded time whatever the network does. */
export class LiveConnection {
  readonly over: Promise<Ending>;
  private wasOpen = false;
  private isOver = false;
  private cancelTimer: () => void;
  private settle!: (ending: Ending) => void;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    onOpen: () => void,
    private readonly onFrame: (frame: ServerFrame) => void,
  ) {
    this.over = new Promise((resolve) => (this.settle = resolve));
    this.cancelTimer = clock.after(OPENING_MS, () => this.end());
    socket.addEventListener('open', () => {
      if (this.isOver) return;
      this.wasOpen = true;
      this.restartIdleTimer();
      onOpen();
    });
    socket.addEventListener('message', ({ data }: { data: unknown }) => this.received(String(data)));
    socket.addEventListener('close', ({ code }: { code: number }) => this.end(code));
    socket.addEventListener('error', () => undefined); // `close` follows
  }

  get isOpen(): boolean {
    return this.wasOpen && !this.isOver && this.socket.readyState === OPEN;
  }

  /** False if the connection is not open: nothing was sent then. */
  send(frame: ClientFrame): boolean {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ends the connection on this side: no frame is handled from now on, even if the server never learns of it. */
  end(code = 1006): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelTimer();
    try {
      this.socket.close();
    } catch {
      // a socket that is still opening may refuse to close
    }
    this.settle({ code, wasOpen: this.wasOpen });
  }

  private received(text: string): void {
    if (this.isOver) return;
    this.restartIdleTimer();
    this.onFrame(JSON.parse(text) as ServerFrame);
  }

  private restartIdleTimer(): void {
    this.cancelTimer();
    this.cancelTimer = this.clock.after(IDLE_MS, () => {
      this.send({ type: 'ping' });
      this.cancelTimer = this.clock.after(PONG_MS, () => this.end());
    });
  }
}

/**
 * A function that opens WebSockets: of the class given, the platform's own, or that of the package `ws`. On Node only
 * `ws` can send headers.
 *
 * @throws NoWebSocket
 */
export async function socketOpener(
  given: WebSocketClass | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<OpenSocket> {
  const needsHeaders = Object.keys(headers).length > 0;
  const Given: unknown = given ?? (await webSocketClass(needsHeaders));
  const Class = Given as new (...parameters: unknown[]) => Socket;
  return (url, protocols) => (needsHeaders ? new Class(url, protocols, { headers }) : new Class(url, protocols));
}

/** There is no WebSocket class to connect with. */
export class NoWebSocket extends Error {}

async function webSocketClass(needsHeaders: boolean): Promise<WebSocketClass> {
  const { WebSocket: own } = globalThis as { WebSocket?: WebSocketClass };
  if (own && !needsHeaders) return own;
  const name = 'ws'; // a variable, so that bundlers leave it out: browsers have their own
  try {
    const { WebSocket } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as {
      WebSocket: WebSocketClass;
    };
    return WebSocket;
  } catch (error) {
    const why = needsHeaders ? 'An application’s key goes in headers' : 'Node has no WebSocket before version 22';
    throw new NoWebSocket(`${why}: install the package ws, or pass its WebSocket to live().`, { cause: error });
  }
}
