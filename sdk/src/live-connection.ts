import type { Clock } from './live-clock.js';
import type { ClientFrame, ServerFrame } from './live-schema.js';

/** The browser's WebSocket, Node's own from version 22 on, or that of the package `ws`. */
export type WebSocketClass = new (...parameters: never[]) => {
  readonly readyState: number;
  send(data: string): void;
  close(): void;
};

/** What is used of it. */
export interface Socket extends InstanceType<WebSocketClass> {
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void;
}

/** Opens one; with headers where the class can send them. */
export type OpenSocket = (url: string, protocols: string[]) => Socket;

/** Why a connection is over. 1006: it was lost. */
export interface Ending {
  readonly code: number;
  readonly wasOpen: boolean;
}

const OPEN = 1;
/** How long a connection may take to open. */
const OPENING_MS = 15_000;
/** Browsers are not shown the server's pings, so silence is asked about, and ends the connection where it goes on. */
const QUIET_MS = 40_000;
const ANSWER_MS = 10_000;

/** One WebSocket, from its opening to its end, which comes once and soon, whatever the network does. */
export class LiveConnection {
  readonly over: Promise<Ending>;
  private wasOpen = false;
  private isOver = false;
  private stopWatching: () => void;
  private settle!: (ending: Ending) => void;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    onOpen: () => void,
    private readonly onFrame: (frame: ServerFrame) => void,
  ) {
    this.over = new Promise((resolve) => (this.settle = resolve));
    this.stopWatching = clock.after(OPENING_MS, () => this.end());
    socket.addEventListener('open', () => {
      if (this.isOver) return;
      this.wasOpen = true;
      this.watch();
      onOpen();
    });
    socket.addEventListener('message', ({ data }: { data: unknown }) => this.heard(String(data)));
    socket.addEventListener('close', ({ code }: { code: number }) => this.end(code));
    socket.addEventListener('error', () => undefined); // `close` follows
  }

  get isOpen(): boolean {
    return this.wasOpen && !this.isOver && this.socket.readyState === OPEN;
  }

  /** False where it is not open: then nothing was said. */
  send(frame: ClientFrame): boolean {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Over, from now on: nothing more is told, whether or not the other side ever hears of it. */
  end(code = 1006): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopWatching();
    try {
      this.socket.close();
    } catch {
      // one that is still opening need not be closable
    }
    this.settle({ code, wasOpen: this.wasOpen });
  }

  private heard(text: string): void {
    if (this.isOver) return;
    this.watch();
    this.onFrame(JSON.parse(text) as ServerFrame);
  }

  /** Begins the silence anew. */
  private watch(): void {
    this.stopWatching();
    this.stopWatching = this.clock.after(QUIET_MS, () => {
      this.send({ type: 'ping' });
      this.stopWatching = this.clock.after(ANSWER_MS, () => this.end());
    });
  }
}

/**
 * How to open one: with the class given, the platform's own, or that of the package `ws`, which alone can send headers
 * on Node.
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

/** There is nothing to connect with. */
export class NoWebSocket extends Error {}

async function webSocketClass(needsHeaders: boolean): Promise<WebSocketClass> {
  const { WebSocket: own } = globalThis as { WebSocket?: WebSocketClass };
  if (own && !needsHeaders) return own;
  const name = 'ws'; // not for bundlers to follow: browsers have their own
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
