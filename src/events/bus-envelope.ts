import type { AnyEvent } from './events.js';

/**
 * One message between processes, as compact JSON. `v`, `kind`, `from` and `n` mean the same in every version; the events
 * are those of VERSION.
 *
 *   {"v":1,"kind":"batch","from":"Zk3…","n":12,"at":81234,"events":[["message.sent",{…}],…]}
 *   {"v":1,"kind":"beat","from":"Zk3…","n":12,"at":81734}
 */
export interface BusEnvelope {
  readonly kind: EnvelopeKind;
  /** Id of the process that sent it. */
  readonly senderId: string;
  /**
   * Best-effort: its own number. Control: the number of the sender's last best-effort envelope. Transactional: the number of
   * the transaction, which only the sender understands.
   */
  readonly sequence: number;
  /** When it was sent (ms), by the sender's own clock; only the sender uses it, when its own envelope arrives. */
  readonly sentAtMs?: number;
  readonly events: readonly AnyEvent[];
  /** False if another version wrote it; `events` is empty then. */
  readonly isReadable: boolean;
}

/**
 * `bestEffort`: numbered events, sent after commit · `transactional`: events in the transaction that makes them true, so
 * that PostgreSQL decides their order, and drops them on rollback · `peerUp`, `heartbeat`, `peerDown`: control envelopes
 * without events. The words on the wire are those of version 0.1.0: processes of both versions may share one database.
 */
const WIRE_KINDS = {
  bestEffort: 'batch',
  transactional: 'change',
  peerUp: 'hello',
  heartbeat: 'beat',
  peerDown: 'goodbye',
} as const;
export type EnvelopeKind = keyof typeof WIRE_KINDS;
export type ControlKind = Exclude<EnvelopeKind, 'bestEffort' | 'transactional'>;

const KINDS = new Map(Object.entries(WIRE_KINDS).map(([kind, wire]) => [wire as string, kind as EnvelopeKind]));

/** Increased when the meaning of an event changes so that an older process would misunderstand it. */
const VERSION = 1;

/** Most bytes of an envelope without events, for ids of 16 characters and numbers up to 2^53. */
const EMPTY_ENVELOPE_BYTES = 128;

/** The JSON of one event, to be put into an envelope. */
export const encodeEvent = ({ name, data }: AnyEvent): string => JSON.stringify([name, data]);

/** @param events as `encodeEvent` made them */
export function encodeEnvelope(
  { kind, senderId, sequence, sentAtMs }: Omit<BusEnvelope, 'events' | 'isReadable'>,
  events: readonly string[] = [],
): string {
  const head = JSON.stringify({ v: VERSION, kind: WIRE_KINDS[kind], from: senderId, n: sequence, at: sentAtMs });
  return events.length === 0 ? head : `${head.slice(0, -1)}${EVENTS}${events.join(',')}]}`;
}

const EVENTS = ',"events":[';

/** Undefined if it is no envelope of any version. @param processId of the reader, which needs no events of its own envelopes */
export function decodeEnvelope(text: string, processId?: string): BusEnvelope | undefined {
  const isOwn = processId !== undefined && text.slice(0, EMPTY_ENVELOPE_BYTES).includes(`"from":"${processId}"`);
  const { v, kind: wireKind, from, n, at, events = [] } = parse(isOwn ? withoutEvents(text) : text);
  const kind = KINDS.get(String(wireKind));
  if (typeof from !== 'string' || kind === undefined || !isNumber(n)) return undefined;
  const isReadable = v === VERSION && Array.isArray(events) && events.every(isPair);
  return {
    kind,
    senderId: from,
    sequence: n,
    ...(isNumber(at) && { sentAtMs: at }),
    isReadable,
    events: isReadable ? events.map(([name, data]) => ({ name, data }) as AnyEvent) : [],
  };
}

/**
 * Splits encoded events into groups, in order, each for an envelope of at most `maxBytes`. An event that fits into no
 * envelope goes to `tooLong`.
 */
export function splitIntoEnvelopes(
  events: readonly string[],
  maxBytes: number,
): { envelopes: string[][]; tooLong: string[] } {
  const envelopes: string[][] = [];
  const tooLong: string[] = [];
  let room = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(event) + 1; // the comma
    if (bytes > maxBytes - EMPTY_ENVELOPE_BYTES) {
      tooLong.push(event);
      continue;
    }
    if (bytes > room || envelopes.length === 0) {
      envelopes.push([]);
      room = maxBytes - EMPTY_ENVELOPE_BYTES;
    }
    envelopes.at(-1)?.push(event);
    room -= bytes;
  }
  return { envelopes, tooLong };
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

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isPair = (event: unknown): event is [string, object] =>
  Array.isArray(event) && typeof event[0] === 'string' && typeof event[1] === 'object' && event[1] !== null;
