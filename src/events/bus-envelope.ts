import type { AnyEvent } from './events.js';

/**
 * What one process tells the others, as compact JSON. `from`, `kind` and `n` mean the same in every version; the
 * events are those of VERSION.
 *
 *   {"v":1,"kind":"batch","from":"Zk3…","n":12,"at":81234,"events":[["message.sent",{…}],…]}
 *   {"v":1,"kind":"beat","from":"Zk3…","n":12,"at":81734}
 */
export interface Letter {
  readonly kind: LetterKind;
  /** Id of the process that sent it. */
  readonly from: string;
  /** A batch's own number; of a sign of life the number of the sender's last batch; a change's own, for the sender alone. */
  readonly n: number;
  /** When it was sent (ms), by the sender's own clock: for the sender alone, who hears its own letters. */
  readonly at?: number;
  readonly events: readonly AnyEvent[];
  /** False where another version wrote it: events are missing then. */
  readonly readable: boolean;
}

/**
 * `batch`: numbered, sent after commit · `change`: part of the transaction that it tells about, so that nobody knows
 * in which order, or whether, they come · `hello`, `beat`, `goodbye`: a sign of life, without events.
 */
export const LETTER_KINDS = ['batch', 'change', 'hello', 'beat', 'goodbye'] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

/** Raised when the meaning of an event changes so that an older process would misunderstand it. */
const VERSION = 1;

/** Bytes that a letter without events takes at most, with ids of 16 characters and numbers up to 2^53. */
const ENVELOPE_BYTES = 128;

/** The JSON of one event, to be put into a letter. */
export const encodeEvent = ({ name, data }: AnyEvent): string => JSON.stringify([name, data]);

/** A letter of events that `encodeEvent` made. */
export function encodeLetter(
  { kind, from, n, at }: Omit<Letter, 'events' | 'readable'>,
  events: readonly string[] = [],
): string {
  const envelope = JSON.stringify({ v: VERSION, kind, from, n, at });
  return events.length === 0 ? envelope : `${envelope.slice(0, -1)}${EVENTS}${events.join(',')}]}`;
}

const EVENTS = ',"events":[';

/** Undefined where it is no letter of any version. @param me whose letters are wanted without their events */
export function decodeLetter(text: string, me?: string): Letter | undefined {
  const isOwn = me !== undefined && text.slice(0, ENVELOPE_BYTES).includes(`"from":"${me}"`);
  const { v, kind, from, n, at, events = [] } = parse(isOwn ? withoutEvents(text) : text);
  if (typeof from !== 'string' || !isKind(kind) || !isNumber(n)) return undefined;
  const envelope = { kind, from, n, ...(isNumber(at) && { at }) };
  const readable = v === VERSION && Array.isArray(events) && events.every(isPair);
  return { ...envelope, readable, events: readable ? events.map(([name, data]) => ({ name, data }) as AnyEvent) : [] };
}

/**
 * Cuts encoded events into letters of at most `maxBytes` each, in order. An event that fits into no letter goes to
 * `tooLong`.
 */
export function cut(events: readonly string[], maxBytes: number): { letters: string[][]; tooLong: string[] } {
  const letters: string[][] = [];
  const tooLong: string[] = [];
  let room = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(event) + 1; // the comma
    if (bytes > maxBytes - ENVELOPE_BYTES) {
      tooLong.push(event);
      continue;
    }
    if (bytes > room || letters.length === 0) {
      letters.push([]);
      room = maxBytes - ENVELOPE_BYTES;
    }
    letters.at(-1)?.push(event);
    room -= bytes;
  }
  return { letters, tooLong };
}

function withoutEvents(text: string): string {
  const end = text.indexOf(EVENTS);
  return end < 0 ? text : `${text.slice(0, end)}}`;
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const isKind = (kind: unknown): kind is LetterKind => LETTER_KINDS.includes(kind as LetterKind);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isPair = (event: unknown): event is [string, object] =>
  Array.isArray(event) && typeof event[0] === 'string' && typeof event[1] === 'object' && event[1] !== null;
