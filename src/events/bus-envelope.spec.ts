import { expect, it } from '@jest/globals';
import type { AnyEvent } from './events.js';
import { cut, decodeLetter, encodeEvent, encodeLetter } from './bus-envelope.js';
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

const batch = { kind: 'batch', from: 'abcdefghijklmnop', n: 12, at: 81234 } as const;

it('a letter says in readable JSON what it is, and comes back as it was', () => {
  const events = [message('Grüße 👋\u0000"\\'), { name: 'user.changed', data: { userId: A } } as AnyEvent];
  const text = encodeLetter(batch, events.map(encodeEvent));
  expect(text).toMatch(
    /^\{"v":1,"kind":"batch","from":"abcdefghijklmnop","n":12,"at":81234,"events":\[\["message.sent",\{/,
  );
  expect(decodeLetter(text)).toEqual({ ...batch, events, readable: true });
});

it('a sign of life has no events, a change no time', () => {
  const beat = { kind: 'beat', from: 'me', n: 3, at: 5 } as const;
  expect(encodeLetter(beat)).toBe('{"v":1,"kind":"beat","from":"me","n":3,"at":5}');
  expect(decodeLetter(encodeLetter(beat))).toEqual({ ...beat, events: [], readable: true });
  const change = encodeLetter({ kind: 'change', from: 'me', n: 4 }, [encodeEvent(message('x'))]);
  expect(decodeLetter(change)).toEqual({ kind: 'change', from: 'me', n: 4, events: [message('x')], readable: true });
});

it("one's own letter is read without its events", () => {
  const text = encodeLetter(batch, [encodeEvent(message(`"from":"abcdefghijklmnop","events":[`))]);
  expect(decodeLetter(text, 'abcdefghijklmnop')).toEqual({ ...batch, events: [], readable: true });
  expect(decodeLetter(text, 'somebody')?.events).toHaveLength(1);
  expect(decodeLetter(encodeLetter(batch), batch.from)).toEqual({ ...batch, events: [], readable: true });
  const quoting = encodeLetter({ ...batch, from: 'x' }, [encodeEvent(message(`"from":"me"`))]);
  expect(decodeLetter(quoting, 'me')?.events).toHaveLength(1);
});

it('of another version only who sent it and its number are known', () => {
  const text = '{"v":2,"kind":"batch","from":"new","n":4,"events":{"anything":1}}';
  expect(decodeLetter(text)).toEqual({ kind: 'batch', from: 'new', n: 4, events: [], readable: false });
});

it.each([
  '',
  'hello',
  'null',
  '7',
  '[]',
  '{}',
  '{"v":1,"kind":"batch","from":"x"}',
  '{"v":1,"kind":"shout","from":"x","n":1}',
])('%p is no letter', (text) => expect(decodeLetter(text)).toBeUndefined());

it.each([[[]], [['message.sent']], ['text'], [[1, {}]], [['message.sent', null]]])(
  'a letter whose events hold %p cannot be read',
  (event) => {
    const text = JSON.stringify({ v: 1, kind: 'batch', from: 'x', n: 1, events: [event] });
    expect(decodeLetter(text)).toMatchObject({ readable: false, events: [] });
  },
);

it('the longest messages there are fit into a notification, also those that JSON makes longer', () => {
  for (const text of ['👋'.repeat(160), '\u0001'.repeat(160)]) {
    const { letters, tooLong } = cut([encodeEvent(message(text))], MAX_NOTIFY_BYTES);
    expect(tooLong).toEqual([]);
    expect(letters).toHaveLength(1);
  }
});

it('letters are cut by their bytes, keep the order and are well filled', () => {
  const events = Array.from({ length: 500 }, (_, i) => encodeEvent(message('👋'.repeat(i % 161), i + 1)));
  const { letters } = cut(events, MAX_NOTIFY_BYTES);
  const sizes = letters.map((some) =>
    Buffer.byteLength(encodeLetter({ ...batch, n: Number.MAX_SAFE_INTEGER, at: Number.MAX_SAFE_INTEGER }, some)),
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_NOTIFY_BYTES);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(MAX_NOTIFY_BYTES - 1100);
  expect(letters.flat()).toEqual(events);
});

it('an event that is too long for any letter is left out and named', () => {
  const long = encodeEvent(message('x'.repeat(8000)));
  const short = encodeEvent(message('x'));
  expect(cut([short, long, short], MAX_NOTIFY_BYTES)).toEqual({ letters: [[short, short]], tooLong: [long] });
  expect(cut([], MAX_NOTIFY_BYTES)).toEqual({ letters: [], tooLong: [] });
});
