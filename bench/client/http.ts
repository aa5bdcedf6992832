import { connect, type Socket } from 'node:net';

/** Status 0: the connection has ended. The body as latin1, which is enough for what the bench sends. */
export type Answered = (status: number, body: string) => void;

/** Of answers without a body. */
const BODYLESS = new Set([204, 304]);

/**
 * One connection of HTTP/1.1 that is kept alive, one request at a time. It does just what is needed, so that asking
 * costs less than answering: no agent, no header objects, no streams, no chunked answers.
 */
export class HttpConnection {
  private received = '';
  private waiting: Answered | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (data: Buffer) => this.read(data));
    socket.on('error', () => undefined); // what follows is 'close'
    socket.on('close', () => this.answer(0, ''));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new HttpConnection(socket)));
      socket.setNoDelay(true);
      socket.once('error', reject);
    });
  }

  /** Sends a whole request; `answered` is called once, later. */
  ask(request: string, answered: Answered): void {
    this.waiting = answered;
    this.socket.write(request, 'latin1');
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    const more = data.toString('latin1');
    this.received = this.received === '' ? more : this.received + more;
    const text = this.received;
    const headEnd = text.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const status = Number(text.slice(9, 12));
    const end = headEnd + 4 + (BODYLESS.has(status) ? 0 : contentLength(text, headEnd));
    if (text.length < end) return;
    this.received = '';
    this.answer(status, text.slice(headEnd + 4, end));
  }

  private answer(status: number, body: string): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(status, body);
  }
}

function contentLength(text: string, headEnd: number): number {
  const [, digits] = /\r\ncontent-length: *(\d+)/i.exec(text) ?? [];
  if (digits === undefined) throw new Error(`an answer without a length:\n${text.slice(0, headEnd)}`);
  return Number(digits);
}

/** A request that can be sent as it is; `token` is an access token. */
export function request(method: string, path: string, token?: string, body?: string, headers = ''): string {
  const signedIn = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
  const start = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${signedIn}${headers}`;
  if (body === undefined) return `${start}\r\n`;
  return `${start}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Asks once, by a connection of its own. */
export async function askOnce(port: number, text: string): Promise<{ status: number; body: string }> {
  const connection = await HttpConnection.open(port);
  return new Promise((resolve) => {
    connection.ask(text, (status, body) => {
      connection.close();
      resolve({ status, body });
    });
  });
}
