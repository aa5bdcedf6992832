import { expect, it } from '@jest/globals';
import { backoffMs, realClock, renewInMs } from './live-clock.js';

const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

it('a client waits longer before each attempt to connect, up to half a minute, with a random part', () => {
  const at = (random: number) => (attempt: number) => backoffMs(attempt, { ...realClock, random: () => random });
  expect([0, 1, 2, 6, 1000].map(at(0))).toEqual([250, 500, 1_000, 15_000, 15_000]);
  expect([0, 1, 2, 6, 1000].map(at(1))).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
});

it('a token is renewed a minute before it expires, a short one a fifth of its time before, and one without an expiry never', () => {
  expect(renewInMs(token({ exp: 900 }), 0)).toBe(840_000);
  expect(renewInMs(token({ exp: 10 }), 0)).toBe(8_000);
  expect(renewInMs(token({ exp: 10 }), 20_000)).toBe(0);
  expect(renewInMs(token({ sub: 'ümlaut' }), 0)).toBeUndefined();
  expect(renewInMs('opaque', 0)).toBeUndefined();
});
