import { beforeEach, expect, it } from '@jest/globals';
import type { AnyEvent } from './events.js';
import { InDoubtTransactions } from './in-doubt.js';

const EVENTS = [{ name: 'key.revoked', data: { keyId: 'x' } }] as readonly AnyEvent[];

let unconfirmed: InDoubtTransactions;
beforeEach(() => {
  unconfirmed = new InDoubtTransactions();
});

const ticks = (count: number): AnyEvent[] => Array.from({ length: count }, () => unconfirmed.tick()).flat();

it('what was published is not told again, whether it was heard before or after', () => {
  const first = unconfirmed.prepared(EVENTS);
  unconfirmed.received(first);
  unconfirmed.published(EVENTS);
  const others = [...EVENTS];
  const second = unconfirmed.prepared(others);
  unconfirmed.published(others);
  unconfirmed.received(second);
  expect(ticks(200)).toEqual([]);
});

it('what was committed without an answer is told, once, after a moment', () => {
  const number = unconfirmed.prepared(EVENTS);
  ticks(10);
  unconfirmed.received(number);
  unconfirmed.received(number); // each envelope of a long change is heard
  expect(ticks(1)).toEqual([]);
  expect(ticks(200)).toEqual(EVENTS);
});

it('what was rolled back is forgotten', () => {
  const number = unconfirmed.prepared(EVENTS);
  expect(ticks(200)).toEqual([]);
  unconfirmed.received(number);
  expect(ticks(200)).toEqual([]);
});
