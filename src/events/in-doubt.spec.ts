import { beforeEach, expect, it } from '@jest/globals';
import type { AnyEvent } from './events.js';
import { InDoubtTransactions } from './in-doubt.js';

const EVENTS = [{ name: 'key.revoked', data: { keyId: 'x' } }] as readonly AnyEvent[];

let inDoubt: InDoubtTransactions;
beforeEach(() => {
  inDoubt = new InDoubtTransactions();
});

const ticks = (count: number): AnyEvent[] => Array.from({ length: count }, () => inDoubt.tick()).flat();

it('events that were published are not published again, whether their own envelope arrived before or after', () => {
  const first = inDoubt.prepared(EVENTS);
  inDoubt.received(first);
  inDoubt.published(EVENTS);
  const others = [...EVENTS];
  const second = inDoubt.prepared(others);
  inDoubt.published(others);
  inDoubt.received(second);
  expect(ticks(200)).toEqual([]);
});

it('events of a transaction that committed without an answer are published once, with the second heartbeat', () => {
  const number = inDoubt.prepared(EVENTS);
  ticks(10);
  inDoubt.received(number);
  inDoubt.received(number); // a transaction with many events has several envelopes
  expect(ticks(1)).toEqual([]);
  expect(ticks(200)).toEqual(EVENTS);
});

it('a transaction that was rolled back is forgotten after a minute', () => {
  const number = inDoubt.prepared(EVENTS);
  expect(ticks(200)).toEqual([]);
  inDoubt.received(number);
  expect(ticks(200)).toEqual([]);
});
