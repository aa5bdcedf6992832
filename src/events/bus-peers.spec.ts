import { beforeEach, expect, it } from '@jest/globals';
import type { BusEnvelope, EnvelopeKind } from './bus-envelope.js';
import { BusPeers } from './bus-peers.js';

let peers: BusPeers;
beforeEach(() => {
  peers = new BusPeers();
});

const hear = (kind: EnvelopeKind, n: number, from = 'ana'): string | undefined =>
  peers.received({ kind, senderId: from, sequence: n, events: [], isReadable: true } satisfies BusEnvelope);
const ticks = (count: number): string[] => Array.from({ length: count }, () => peers.tick()).flat();

it('a process that is heard from its hello on is not missed, as long as its numbers follow each other', () => {
  expect(peers.isEmpty).toBe(true);
  expect(hear('peerUp', 0)).toBeUndefined();
  expect(hear('bestEffort', 1)).toBeUndefined();
  expect(hear('bestEffort', 2)).toBeUndefined();
  expect(hear('heartbeat', 2)).toBeUndefined();
  expect(peers.isEmpty).toBe(false);
});

it('a number that is left out is found with the next batch, or with the next beat where it was the last', () => {
  hear('peerUp', 0);
  expect(hear('bestEffort', 2)).toMatch('missed 1');
  expect(hear('heartbeat', 2)).toBeUndefined();
  expect(hear('heartbeat', 5)).toMatch('missed 3');
  expect(hear('bestEffort', 6)).toBeUndefined();
  expect(hear('peerDown', 7)).toMatch('missed 1');
});

it('of a stranger something may have been missed, whatever it says first, unless it has said nothing yet', () => {
  expect(hear('heartbeat', 0, 'ben')).toMatch('ben');
  expect(hear('bestEffort', 1, 'cleo')).toMatch('cleo');
  expect(hear('peerUp', 3, 'dan')).toMatch('dan');
  expect(hear('peerUp', 0, 'new')).toBeUndefined();
});

it('an old envelope that comes late is no loss, and the number does not go back', () => {
  hear('peerUp', 0);
  hear('bestEffort', 1);
  hear('bestEffort', 2);
  expect(hear('bestEffort', 1)).toBeUndefined();
  expect(hear('bestEffort', 3)).toBeUndefined();
});

it('who says nothing for three seconds has fallen silent, once; who says goodbye has not', () => {
  hear('peerUp', 0);
  hear('peerUp', 0, 'ben');
  expect(ticks(5)).toEqual([]);
  hear('heartbeat', 0);
  hear('peerDown', 0, 'ben');
  expect(ticks(5)).toEqual([]);
  expect(ticks(20)).toEqual(['ana']);
  expect(peers.isEmpty).toBe(true);
  expect(hear('heartbeat', 0)).toBeDefined();
});

it('a change has a number of another kind and makes nobody a peer', () => {
  hear('peerUp', 0, 'ben');
  expect(hear('transactional', 7, 'ben')).toBeUndefined();
  expect(hear('bestEffort', 1, 'ben')).toBeUndefined();
  expect(hear('peerDown', 1, 'ben')).toBeUndefined();
  expect(hear('transactional', 7)).toBeUndefined();
  expect(peers.isEmpty).toBe(true);
});

it('tells whether all who are heard elsewhere are heard here too', () => {
  const elsewhere = new BusPeers();
  expect(peers.includes(elsewhere)).toBe(true);
  elsewhere.received({ kind: 'heartbeat', senderId: 'ana', sequence: 0, events: [], isReadable: true });
  expect(peers.includes(elsewhere)).toBe(false);
  hear('heartbeat', 9);
  hear('heartbeat', 9, 'ben');
  expect(peers.includes(elsewhere)).toBe(true);
});
