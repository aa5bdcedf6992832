import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach } from '@jest/globals';
import { WebSocket } from 'ws';
import type { ClientFrame, ServerFrame } from '../../sdk/src/index.js';
import { frameFaults } from './live-contract.js';

/** Longer than any step that a test waits for. */
const PATIENCE_MS = 10_000;

type Resume = Extract<ClientFrame, { type: 'resume' }>;
type Type = ServerFrame['type'];
export type Told<T extends Type> = Extract<ServerFrame, { type: T }>;
export type Positions = NonNullable<Resume['positions']>;

export interface Credentials {
  /** Of the upgrade, for instance `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The token as a second subprotocol, like a browser. */
  readonly token?: string;
}

export interface ConnectOptions extends Omit<Resume, 'type'>, Credentials {
  /** False: the client sends nothing by itself, not even `resume`. */
  readonly resume?: false;
}

/** The code and reason of a closed socket. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A refused upgrade, and its answer. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string | undefined,
    readonly contentType: string | undefined,
  ) {
    super(`refused: ${status} ${code}`);
  }
}

const open = new Set<LiveClient>();
const violations: string[] = [];

/** Fails the test also if it swallows the error; closes the sockets that it leaves open. */
afterEach(() => {
  for (const client of open) client.terminate();
  const found = violations.splice(0);
  if (found.length > 0) throw new Error(found.join('\n\n'));
});

/**
 * A socket of `GET /v1/live` and nothing more: it applies no rules. Every frame, in both directions, is checked against
 * asyncapi.json; one that does not match fails the test.
 */
export class LiveClient {
  /** All frames of the server, in order. */
  readonly received: ServerFrame[] = [];
  /** Called with each frame when it arrives, before any waiting call resolves. */
  onTold: (frame: ServerFrame) => void = () => undefined;
  private readonly untaken: ServerFrame[] = [];
  private readonly waiting = new Set<() => void>();
  private end: Closed | undefined;
  private refs = 0;

  private constructor(private readonly ws: WebSocket) {
    open.add(this);
    ws.on('message', (data: Buffer, isBinary: boolean) => this.heard(data, isBinary));
    ws.on('error', () => undefined);
    ws.on('close', (code: number, reason: Buffer) => {
      open.delete(this);
      this.end = { code, reason: String(reason) };
      this.wake();
    });
  }

  /** Resolves when the socket is open. @throws Refused if the server answers otherwise */
  static async open(url: string, { headers, token }: Credentials = {}): Promise<LiveClient> {
    const protocols = ['parley.v1', ...(token === undefined ? [] : [`bearer.${token}`])];
    const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/live`, protocols, { headers, perMessageDeflate: false });
    const client = new LiveClient(ws); // it has its handlers before the first frame
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
      ws.once('unexpected-response', (_request: unknown, response: IncomingMessage) => {
        open.delete(client);
        refusalOf(response).then(reject, reject);
      });
    });
    if (ws.protocol !== 'parley.v1') violations.push(`the subprotocol ${ws.protocol} was selected`);
    return client;
  }

  /** Opens a socket, and sends the given resume. */
  static async connect(url: string, options: ConnectOptions = {}): Promise<LiveClient> {
    const { headers, token, resume, ...rest } = options;
    const client = await LiveClient.open(url, { headers, token });
    if (resume !== false) client.sendFrame({ type: 'resume', ...rest });
    return client;
  }

  /** Sends a frame that the document allows; the server may refuse it all the same. */
  sendFrame(frame: ClientFrame): void {
    const faults = frameFaults('client', frame);
    if (faults.length > 0) throw new Error(`a frame that the document does not allow: ${faults.join(', ')}`);
    this.ws.send(JSON.stringify(frame));
  }

  /** Sends a frame that the document does not allow: text as it is, bytes as a binary frame, an object as JSON. */
  sendBad(data: string | Buffer | object): void {
    const isObject = typeof data === 'object' && !Buffer.isBuffer(data);
    if (isObject && frameFaults('client', data).length === 0) throw new Error('the document allows this frame');
    this.ws.send(isObject ? JSON.stringify(data) : data);
  }

  /** Sends a message and waits for its reply. */
  send(recipient: string | { readonly id: string }, text: string, clientMessageId?: string): Promise<Told<'reply'>> {
    const ref = `r${++this.refs}`;
    const address = typeof recipient === 'string' ? recipient : recipient.id;
    this.sendFrame({
      type: 'send',
      ref,
      recipient: address,
      text,
      ...(clientMessageId !== undefined && { clientMessageId }),
    });
    return this.next('reply', (reply) => reply.ref === ref);
  }

  read(message: { readonly id: string }): void {
    this.sendFrame({ type: 'read', messageId: message.id });
  }

  delivered(message: { readonly id: string }): void {
    this.sendFrame({ type: 'delivered', messageId: message.id });
  }

  /**
   * Waits for the first frame of this type that matches and that no call has taken yet. Frames that do not match stay for
   * later calls.
   */
  async next<T extends Type>(type: T, match: (frame: Told<T>) => boolean = () => true): Promise<Told<T>> {
    const isMeant = (frame: ServerFrame): frame is Told<T> => frame.type === type && match(frame as Told<T>);
    await this.until(() => this.untaken.some(isMeant), `the next ${type}`);
    const at = this.untaken.findIndex(isMeant);
    return this.untaken.splice(at, 1)[0] as Told<T>;
  }

  /** The texts of the next messages; the test fails if fewer come. */
  async texts(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) texts.push((await this.next('message')).message.text);
    return texts;
  }

  /** The frames of this type that no call has taken yet. */
  rest<T extends Type>(type: T): Told<T>[] {
    return this.untaken.filter((frame): frame is Told<T> => frame.type === type);
  }

  /** A ping and its pong. By then the server has sent every frame that it had for this socket at the ping, except those it still reads from the database. */
  async pong(): Promise<void> {
    this.sendFrame({ type: 'ping' });
    await this.next('pong');
  }

  /** Waits until the server, or this side, has closed it. */
  async closed(): Promise<Closed> {
    await this.until(() => false, 'its closing').catch((error: unknown) => {
      if (!this.end) throw error;
    });
    return this.end!;
  }

  get isOpen(): boolean {
    return this.end === undefined;
  }

  close(): Promise<Closed> {
    this.ws.close();
    return this.closed();
  }

  /** Cuts the connection, like a network. */
  terminate(): void {
    this.ws.terminate();
  }

  /** Stops reading from the connection: the server's frames pile up. */
  pause(): void {
    this.ws.pause();
  }

  /** Continues to read. */
  unpause(): void {
    this.ws.resume();
  }

  private heard(data: Buffer, isBinary: boolean): void {
    const text = data.toString();
    const frame = JSON.parse(text) as ServerFrame;
    const faults = [...(isBinary ? ['a binary frame'] : []), ...frameFaults('server', frame)];
    if (faults.length > 0) violations.push(`the server sent ${text}\n  ${faults.join('\n  ')}`);
    this.received.push(frame);
    this.untaken.push(frame);
    this.onTold(frame);
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private async until(isThere: () => boolean, what: string): Promise<void> {
    const late = setTimeout(() => this.wake(), PATIENCE_MS);
    const start = performance.now();
    try {
      while (!isThere()) {
        const fault = this.end ? `closed with ${this.end.code} ${this.end.reason}` : undefined;
        const isLate = performance.now() - start >= PATIENCE_MS - 1;
        if (fault ?? isLate) throw new Error(`waited for ${what}; ${fault ?? 'it did not come'}. ${this.summary()}`);
        await new Promise<void>((resolve) => this.waiting.add(resolve));
      }
    } finally {
      clearTimeout(late);
    }
  }

  private summary(): string {
    const shown = this.untaken.slice(-10).map((frame) => JSON.stringify(frame).slice(0, 200));
    return `Of ${this.received.length} frames no call took ${this.untaken.length}, the last being\n  ${shown.join('\n  ')}`;
  }
}

async function refusalOf(response: IncomingMessage): Promise<Refused> {
  let text = '';
  response.on('data', (data) => (text += String(data)));
  await once(response, 'end');
  const type = response.headers['content-type'];
  const code = type?.includes('json') ? (JSON.parse(text) as { code?: string }).code : undefined;
  return new Refused(response.statusCode ?? 0, code, type);
}
