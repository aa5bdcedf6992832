import { parseJsonObject } from '../common/json-object.js';
import { malformed } from '../common/problems.js';
import { readInput } from '../common/read-input.js';
import type { FanOutMessage } from '../feeds/feed-subscriber.js';
import { CLIENT_FRAMES, type ClientFrame, type ServerFrame } from './frames.dto.js';

/** What is known of a frame whether or not the rest of it is valid. */
export interface FrameShape {
  readonly type: keyof typeof CLIENT_FRAMES;
  readonly ref?: unknown;
}

/** @throws what parseJsonObject throws; malformed (400): of no known type */
export function parseFrame(data: Buffer): FrameShape {
  const value = parseJsonObject(data, 'frame') as { type?: unknown };
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(CLIENT_FRAMES, type)) throw malformed('The frame has no known type.');
  return value as FrameShape;
}

/** @throws invalid (422) */
export const checkFrame = (shape: FrameShape): ClientFrame => readInput<ClientFrame>(CLIENT_FRAMES[shape.type], shape);

/**
 * A text frame of RFC 6455 as the bytes that go out: unmasked, unfragmented, uncompressed. It is written to the TCP
 * socket as it is, so that one frame serves every socket.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = 0x81; // FIN, text
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}

export const serverFrame = (frame: ServerFrame): Buffer => textFrame(JSON.stringify(frame));

const shared = new WeakMap<object, Buffer>();

/** The frame of something that is the same for every socket: encoded once while that object lives. */
export function sharedFrame(source: object, build: () => ServerFrame): Buffer {
  let frame = shared.get(source);
  if (!frame) shared.set(source, (frame = serverFrame(build())));
  return frame;
}

/** The JSON of a message, and its frame for a client that has the message before it. */
interface Encoded {
  readonly text: string;
  readonly next: Buffer;
}

const encodings = { others: new WeakMap<FanOutMessage, Encoded>(), own: new WeakMap<FanOutMessage, Encoded>() };

/** The frame of a message that a feed fans out. The one for its sender shows the clientMessageId. */
export function fanOutFrame(source: FanOutMessage, afterSeq: number, isOwn: boolean): Buffer {
  const isSame = !isOwn || source.clientMessageId === undefined;
  const encoded = isSame ? encodings.others : encodings.own;
  let known = encoded.get(source);
  if (!known) {
    const { message, clientMessageId } = source;
    const text = JSON.stringify(isSame ? message : { ...message, clientMessageId });
    known = { text, next: messageFrame(text, message.seq - 1) };
    encoded.set(source, known);
  }
  return afterSeq === source.message.seq - 1 ? known.next : messageFrame(known.text, afterSeq);
}

const messageFrame = (message: string, afterSeq: number): Buffer =>
  textFrame(`{"type":"message","afterSeq":${afterSeq},"message":${message}}`);
