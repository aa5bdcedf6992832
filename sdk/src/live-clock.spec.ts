import { expect, it } from '@jest/globals';
import { backoffMs, realClock, renewInMs } from './live-clock.js';

const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

it('waits longer each time, up to half a minute, and never twice the same for everybody', () => {
  const at = (random: number) => (attempt: number) => backoffMs(attempt, { ...realClock, random: () => random });
  expect([0, 1, 2, 6, 1000].map(at(0))).toEqual([250, 500, 1_000, 15_000, 15_000]);
  expect([0, 1, 2, 6, 1000].map(at(1))).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
});

it('renews a token a minute before it expires, one that is short a fifth before, and none that says nothing', () => {
  expect(renewInMs(token({ exp: 900 }), 0)).toBe(840_000);
  expect(renewInMs(token({ exp: 10 }), 0)).toBe(8_000);
  expect(renewInMs(token({ exp: 10 }), 20_000)).toBe(0);
  expect(renewInMs(token({ sub: 'ümlaut' }), 0)).toBeUndefined();
  expect(renewInMs('opaque', 0)).toBeUndefined();
});
