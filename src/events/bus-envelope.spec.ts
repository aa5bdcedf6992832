import { expect, it } from '@jest/globals';
import type { AnyEvent } from './events.js';
import { splitIntoEnvelopes, decodeEnvelope, encodeEvent, encodeEnvelope } from './bus-envelope.js';
import { MAX_NOTIFY_BYTES } from './postgres.transport.js';

const A = '0193f0e8-0000-7000-8000-00000000000a';

const message = (text: string, seq = 1): AnyEvent => ({
  name: 'message.sent',
  data: {
    conversationId: A,
    seq,
    senderId: A,
    text,
    sentAt: '2026-11-23T10:00:00.000Z',
    clientMessageId: A,
    membersVersion: 7,
  },
});

const bestEffort = { kind: 'bestEffort', senderId: 'abcdefghijklmnop', sequence: 12, sentAtMs: 81234 } as const;

it('an envelope is readable JSON, and is decoded as it was encoded', () => {
  const events = [message('Grüße 👋\u0000"\\'), { name: 'user.changed', data: { userId: A } } as AnyEvent];
  const text = encodeEnvelope(bestEffort, events.map(encodeEvent));
  expect(text).toMatch(
    /^\{"v":1,"kind":"batch","from":"abcdefghijklmnop","n":12,"at":81234,"events":\[\["message.sent",\{/,
  );
  expect(decodeEnvelope(text)).toEqual({ ...bestEffort, events, isReadable: true });
});

it('a control envelope has no events, a transactional one no time', () => {
  const heartbeat = { kind: 'heartbeat', senderId: 'me', sequence: 3, sentAtMs: 5 } as const;
  expect(encodeEnvelope(heartbeat)).toBe('{"v":1,"kind":"beat","from":"me","n":3,"at":5}');
  expect(decodeEnvelope(encodeEnvelope(heartbeat))).toEqual({ ...heartbeat, events: [], isReadable: true });
  const transactional = encodeEnvelope({ kind: 'transactional', senderId: 'me', sequence: 4 }, [
    encodeEvent(message('x')),
  ]);
  expect(decodeEnvelope(transactional)).toEqual({
    kind: 'transactional',
    senderId: 'me',
    sequence: 4,
    events: [message('x')],
    isReadable: true,
  });
});

it('an envelope is decoded without its events for its own sender', () => {
  const text = encodeEnvelope(bestEffort, [encodeEvent(message(`"from":"abcdefghijklmnop","events":[`))]);
  expect(decodeEnvelope(text, 'abcdefghijklmnop')).toEqual({ ...bestEffort, events: [], isReadable: true });
  expect(decodeEnvelope(text, 'somebody')?.events).toHaveLength(1);
  expect(decodeEnvelope(encodeEnvelope(bestEffort), bestEffort.senderId)).toEqual({
    ...bestEffort,
    events: [],
    isReadable: true,
  });
  const quoting = encodeEnvelope({ ...bestEffort, senderId: 'x' }, [encodeEvent(message(`"from":"me"`))]);
  expect(decodeEnvelope(quoting, 'me')?.events).toHaveLength(1);
});

it('of an envelope of another version only its sender and number are read', () => {
  const text = '{"v":2,"kind":"batch","from":"new","n":4,"events":{"anything":1}}';
  expect(decodeEnvelope(text)).toEqual({
    kind: 'bestEffort',
    senderId: 'new',
    sequence: 4,
    events: [],
    isReadable: false,
  });
});

it.each([
  '',
  'peerUp',
  'null',
  '7',
  '[]',
  '{}',
  '{"v":1,"kind":"batch","from":"x"}',
  '{"v":1,"kind":"shout","from":"x","n":1}',
])('%p is no envelope', (text) => expect(decodeEnvelope(text)).toBeUndefined());

it.each([[[]], [['message.sent']], ['text'], [[1, {}]], [['message.sent', null]]])(
  'an envelope whose events hold %p is not readable',
  (event) => {
    const text = JSON.stringify({ v: 1, kind: 'batch', from: 'x', n: 1, events: [event] });
    expect(decodeEnvelope(text)).toMatchObject({ isReadable: false, events: [] });
  },
);

it('the longest messages fit into a notification, also if JSON makes them longer', () => {
  for (const text of ['👋'.repeat(160), '\u0001'.repeat(160)]) {
    const { envelopes, tooLong } = splitIntoEnvelopes([encodeEvent(message(text))], MAX_NOTIFY_BYTES);
    expect(tooLong).toEqual([]);
    expect(envelopes).toHaveLength(1);
  }
});

it('events are split into envelopes by their bytes, in order, and fill them', () => {
  const events = Array.from({ length: 500 }, (_, i) => encodeEvent(message('👋'.repeat(i % 161), i + 1)));
  const { envelopes } = splitIntoEnvelopes(events, MAX_NOTIFY_BYTES);
  const sizes = envelopes.map((some) =>
    Buffer.byteLength(
      encodeEnvelope({ ...bestEffort, sequence: Number.MAX_SAFE_INTEGER, sentAtMs: Number.MAX_SAFE_INTEGER }, some),
    ),
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_NOTIFY_BYTES);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(MAX_NOTIFY_BYTES - 1100);
  expect(envelopes.flat()).toEqual(events);
});

it('an event that is too long for any envelope is returned apart from the others', () => {
  const long = encodeEvent(message('x'.repeat(8000)));
  const short = encodeEvent(message('x'));
  expect(splitIntoEnvelopes([short, long, short], MAX_NOTIFY_BYTES)).toEqual({
    envelopes: [[short, short]],
    tooLong: [long],
  });
  expect(splitIntoEnvelopes([], MAX_NOTIFY_BYTES)).toEqual({ envelopes: [], tooLong: [] });
});
