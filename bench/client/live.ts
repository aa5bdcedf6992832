import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** A text frame as it came, without being decoded further. */
export type Told = (text: string) => void;

/** Opcodes of RFC 6455, with FIN. */
const TEXT = 0x81;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;

/** A WebSocket client that costs next to nothing, for thousands of them: whole frames, and a mask of zeros. */
export class LiveConnection {
  private rest: Buffer | undefined;
  isOpen = true;

  private constructor(
    private readonly socket: Socket,
    private readonly told: Told,
  ) {
    socket.on('data', (data: Buffer) => this.read(data));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isOpen = false));
  }

  /** @throws where the server does not switch to the protocol */
  static open(port: number, path: string, headers: readonly string[], told: Told): Promise<LiveConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed')));
      socket.once('connect', () => {
        const key = randomBytes(16).toString('base64');
        socket.write(
          [
            `GET ${path} HTTP/1.1`,
            'Host: localhost',
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            `Sec-WebSocket-Key: ${key}`,
            ...headers,
            '\r\n',
          ].join('\r\n'),
        );
      });
      let head = Buffer.alloc(0);
      const readHead = (data: Buffer): void => {
        head = Buffer.concat([head, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        socket.off('data', readHead);
        if (!head.toString('latin1').startsWith('HTTP/1.1 101')) {
          socket.destroy();
          reject(new Error(`no socket: ${head.toString('latin1')}`));
          return;
        }
        const connection = new LiveConnection(socket, told);
        resolve(connection);
        if (head.length > end + 4) connection.read(head.subarray(end + 4));
      };
      socket.on('data', readHead);
    });
  }

  send(text: string): void {
    this.socket.write(clientFrame(TEXT, Buffer.from(text)));
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    let buffer = this.rest ? Buffer.concat([this.rest, data]) : data;
    this.rest = undefined;
    while (buffer.length >= 2) {
      let length = buffer[1]! & 0x7f;
      let start = 2;
      if (length === 126) {
        if (buffer.length < 4) break;
        length = buffer.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (buffer.length < 10) break;
        length = Number(buffer.readBigUInt64BE(2));
        start = 10;
      }
      if (buffer.length < start + length) break;
      if (buffer[0] === TEXT) this.told(buffer.toString('latin1', start, start + length));
      else if (buffer[0] === PING) this.socket.write(clientFrame(PONG, buffer.subarray(start, start + length)));
      else if (buffer[0] === CLOSE) this.socket.destroy();
      buffer = buffer.subarray(start + length);
    }
    if (buffer.length > 0) this.rest = Buffer.from(buffer);
  }
}

/** Frames of clients are masked; a mask of zeros leaves the payload as it is. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const header =
    payload.length < 126
      ? Buffer.from([opcode, 0x80 | payload.length])
      : Buffer.from([opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

/** A socket of Parley, signed in, that follows from now on: resolves at `ready`. */
export async function follow(port: number, token: string, told: Told): Promise<LiveConnection> {
  let isReady: () => void;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const headers = [`Authorization: Bearer ${token}`, 'Sec-WebSocket-Protocol: parley.v1'];
  const connection = await LiveConnection.open(port, '/v1/live', headers, (text) => {
    if (text.startsWith('{"type":"ready"')) isReady();
    else told(text);
  });
  connection.send('{"type":"resume","backlog":false}');
  await ready;
  return connection;
}
