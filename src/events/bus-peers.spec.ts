import { beforeEach, expect, it } from '@jest/globals';
import type { Letter, LetterKind } from './bus-envelope.js';
import { Peers } from './bus-peers.js';

let peers: Peers;
beforeEach(() => {
  peers = new Peers();
});

const hear = (kind: LetterKind, n: number, from = 'ana'): string | undefined =>
  peers.heard({ kind, from, n, events: [], readable: true } satisfies Letter);
const ticks = (count: number): string[] => Array.from({ length: count }, () => peers.tick()).flat();

it('a process that is heard from its hello on is not missed, as long as its numbers follow each other', () => {
  expect(peers.isEmpty).toBe(true);
  expect(hear('hello', 0)).toBeUndefined();
  expect(hear('batch', 1)).toBeUndefined();
  expect(hear('batch', 2)).toBeUndefined();
  expect(hear('beat', 2)).toBeUndefined();
  expect(peers.isEmpty).toBe(false);
});

it('a number that is left out is found with the next batch, or with the next beat where it was the last', () => {
  hear('hello', 0);
  expect(hear('batch', 2)).toMatch('missed 1');
  expect(hear('beat', 2)).toBeUndefined();
  expect(hear('beat', 5)).toMatch('missed 3');
  expect(hear('batch', 6)).toBeUndefined();
  expect(hear('goodbye', 7)).toMatch('missed 1');
});

it('of a stranger something may have been missed, whatever it says first, unless it has said nothing yet', () => {
  expect(hear('beat', 0, 'ben')).toMatch('ben');
  expect(hear('batch', 1, 'cleo')).toMatch('cleo');
  expect(hear('hello', 3, 'dan')).toMatch('dan');
  expect(hear('hello', 0, 'new')).toBeUndefined();
});

it('an old letter that comes late is no loss, and the number does not go back', () => {
  hear('hello', 0);
  hear('batch', 1);
  hear('batch', 2);
  expect(hear('batch', 1)).toBeUndefined();
  expect(hear('batch', 3)).toBeUndefined();
});

it('who says nothing for three seconds has fallen silent, once; who says goodbye has not', () => {
  hear('hello', 0);
  hear('hello', 0, 'ben');
  expect(ticks(5)).toEqual([]);
  hear('beat', 0);
  hear('goodbye', 0, 'ben');
  expect(ticks(5)).toEqual([]);
  expect(ticks(20)).toEqual(['ana']);
  expect(peers.isEmpty).toBe(true);
  expect(hear('beat', 0)).toBeDefined();
});

it('a change has a number of another kind and makes nobody a peer', () => {
  hear('hello', 0, 'ben');
  expect(hear('change', 7, 'ben')).toBeUndefined();
  expect(hear('batch', 1, 'ben')).toBeUndefined();
  expect(hear('goodbye', 1, 'ben')).toBeUndefined();
  expect(hear('change', 7)).toBeUndefined();
  expect(peers.isEmpty).toBe(true);
});

it('tells whether all who are heard elsewhere are heard here too', () => {
  const elsewhere = new Peers();
  expect(peers.includes(elsewhere)).toBe(true);
  elsewhere.heard({ kind: 'beat', from: 'ana', n: 0, events: [], readable: true });
  expect(peers.includes(elsewhere)).toBe(false);
  hear('beat', 9);
  hear('beat', 9, 'ben');
  expect(peers.includes(elsewhere)).toBe(true);
});
