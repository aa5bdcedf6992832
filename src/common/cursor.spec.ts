import { describe, expect, it } from '@jest/globals';
import { CursorKind, isId, isMoment, isOneOf, isSeq, isText } from './cursor.js';
import { HIGHEST_ID, LOWEST_ID } from './ids.js';

const ID = '0193f0e8-0000-7000-8000-000000000001';
const CURSOR = new CursorKind('t1', isMoment, isId);
const PARTS = ['2026-01-31T12:00:00.000Z', ID];
const encoded = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

it('a cursor is decoded to the parts it was made of', () => {
  const [time, id] = PARTS as [string, string];
  expect(CURSOR.decode(CURSOR.encode(time, id))).toEqual(PARTS);
});

it.each([
  ['of another kind', encoded('t2', ...PARTS)],
  ['with a part too many', encoded('t1', ...PARTS, 1)],
  ['with a part too few', encoded('t1', PARTS[0])],
  ['with a part that its check refuses', encoded('t1', PARTS[0], 'ana')],
  ['that is no list', Buffer.from('{"0":"t1"}').toString('base64url')],
  ['that is no JSON', 'nonsense'],
])('a cursor %s is refused', (_what, cursor) => {
  expect(() => CURSOR.decode(cursor)).toThrow('The cursor is not one that this list gave out.');
});

describe.each<[string, (part: unknown) => boolean, unknown[], unknown[]]>([
  ['isId', isId, [ID, LOWEST_ID, HIGHEST_ID], ['', 'ana', 1, null]],
  ['isText', isText, ['', 'ana'], ['a\u0000', 1, null]],
  ['isSeq', isSeq, [0, 1, -1], [1.5, 2 ** 53, '1', null]],
  ['isOneOf', isOneOf(0, 1), [0, 1], [2, '1', null]],
  ['isMoment', isMoment, [PARTS[0]], ['2026-02-30T12:00:00.000Z', '0000-01-01T00:00:00.000Z', '2026-01-31', 1]],
])('%s', (_name, check, good, bad) => {
  it.each(good)('takes %j', (part) => expect(check(part)).toBe(true));
  it.each(bad)('refuses %j', (part) => expect(check(part)).toBe(false));
});
