import { beforeEach, expect, it } from '@jest/globals';
import type { AnyEvent } from './events.js';
import { Unconfirmed } from './in-doubt.js';

const EVENTS = [{ name: 'key.revoked', data: { keyId: 'x' } }] as readonly AnyEvent[];

let unconfirmed: Unconfirmed;
beforeEach(() => {
  unconfirmed = new Unconfirmed();
});

const ticks = (count: number): AnyEvent[] => Array.from({ length: count }, () => unconfirmed.tick()).flat();

it('what was published is not told again, whether it was heard before or after', () => {
  const first = unconfirmed.prepared(EVENTS);
  unconfirmed.heard(first);
  unconfirmed.published(EVENTS);
  const others = [...EVENTS];
  const second = unconfirmed.prepared(others);
  unconfirmed.published(others);
  unconfirmed.heard(second);
  expect(ticks(200)).toEqual([]);
});

it('what was committed without an answer is told, once, after a moment', () => {
  const number = unconfirmed.prepared(EVENTS);
  ticks(10);
  unconfirmed.heard(number);
  unconfirmed.heard(number); // each letter of a long change is heard
  expect(ticks(1)).toEqual([]);
  expect(ticks(200)).toEqual(EVENTS);
});

it('what was rolled back is forgotten', () => {
  const number = unconfirmed.prepared(EVENTS);
  expect(ticks(200)).toEqual([]);
  unconfirmed.heard(number);
  expect(ticks(200)).toEqual([]);
});
