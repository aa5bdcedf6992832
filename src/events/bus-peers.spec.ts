import { beforeEach, expect, it } from '@jest/globals';
import type { BusEnvelope, EnvelopeKind } from './bus-envelope.js';
import { BusPeers } from './bus-peers.js';

let peers: BusPeers;
beforeEach(() => {
  peers = new BusPeers();
});

const receive = (kind: EnvelopeKind, n: number, from = 'ana'): string | undefined =>
  peers.received({ kind, senderId: from, sequence: n, events: [], isReadable: true } satisfies BusEnvelope);
const ticks = (count: number): string[] => Array.from({ length: count }, () => peers.tick()).flat();

it('a process whose numbers follow each other from its peerUp on is no possible loss', () => {
  expect(peers.isEmpty).toBe(true);
  expect(receive('peerUp', 0)).toBeUndefined();
  expect(receive('bestEffort', 1)).toBeUndefined();
  expect(receive('bestEffort', 2)).toBeUndefined();
  expect(receive('heartbeat', 2)).toBeUndefined();
  expect(peers.isEmpty).toBe(false);
});

it('a missing number is noticed with the next best-effort envelope, or with the next heartbeat if it was the last', () => {
  receive('peerUp', 0);
  expect(receive('bestEffort', 2)).toMatch('missed 1');
  expect(receive('heartbeat', 2)).toBeUndefined();
  expect(receive('heartbeat', 5)).toMatch('missed 3');
  expect(receive('bestEffort', 6)).toBeUndefined();
  expect(receive('peerDown', 7)).toMatch('missed 1');
});

it('the first envelope of an unknown peer is a possible loss, unless it is a peerUp with number 0', () => {
  expect(receive('heartbeat', 0, 'ben')).toMatch('ben');
  expect(receive('bestEffort', 1, 'cleo')).toMatch('cleo');
  expect(receive('peerUp', 3, 'dan')).toMatch('dan');
  expect(receive('peerDown', 4, 'eve')).toMatch('eve');
  expect(receive('peerUp', 0, 'new')).toBeUndefined();
});

it('an old envelope that arrives late is no loss, and does not lower the last number', () => {
  receive('peerUp', 0);
  receive('bestEffort', 1);
  receive('bestEffort', 2);
  expect(receive('bestEffort', 1)).toBeUndefined();
  expect(receive('bestEffort', 3)).toBeUndefined();
});

it('a peer without an envelope for three seconds is silent, once; a peer that sent peerDown is not', () => {
  receive('peerUp', 0);
  receive('peerUp', 0, 'ben');
  expect(ticks(5)).toEqual([]);
  receive('heartbeat', 0);
  receive('peerDown', 0, 'ben');
  expect(ticks(5)).toEqual([]);
  expect(ticks(20)).toEqual(['ana']);
  expect(peers.isEmpty).toBe(true);
  expect(receive('heartbeat', 0)).toBeDefined();
});

it('a transactional envelope has a number of another kind and does not make its sender a peer', () => {
  receive('peerUp', 0, 'ben');
  expect(receive('transactional', 7, 'ben')).toBeUndefined();
  expect(receive('bestEffort', 1, 'ben')).toBeUndefined();
  expect(receive('peerDown', 1, 'ben')).toBeUndefined();
  expect(receive('transactional', 7)).toBeUndefined();
  expect(peers.isEmpty).toBe(true);
});

it('one link includes another if every peer of the other is its peer too', () => {
  const elsewhere = new BusPeers();
  expect(peers.includes(elsewhere)).toBe(true);
  elsewhere.received({ kind: 'heartbeat', senderId: 'ana', sequence: 0, events: [], isReadable: true });
  expect(peers.includes(elsewhere)).toBe(false);
  receive('heartbeat', 9);
  receive('heartbeat', 9, 'ben');
  expect(peers.includes(elsewhere)).toBe(true);
});
