import { expect, it } from '@jest/globals';
import { IsObject } from 'class-validator';
import type { Problem } from './problem.js';
import { readInput } from './read-input.js';

/** Far longer than it takes, and far less than in a time that grows with the square: 25 s. */
const SOON_MS = 2_000;
const MANY = 100_000;

class Body {
  @IsObject()
  positions: object;
}

const msOf = (work: () => void): number => {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
};

it('refuses an object of very many fields at once, naming some that are unknown', () => {
  const body = Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`field${i}`, 1]));
  let refusal: unknown;
  const ms = msOf(() => {
    try {
      readInput(Body, body);
    } catch (error) {
      refusal = error;
    }
  });
  expect((refusal as Problem).kind.code).toBe('invalid');
  expect((refusal as Problem).errors).toContainEqual({ field: 'field0', message: 'is not a known field' });
  expect(ms).toBeLessThan(SOON_MS);
});

it('takes as many positions as there may be at once', () => {
  const idOf = (i: number): string => `0193f0e8-7b1a-7c3e-9f52-${i.toString(16).padStart(12, '0')}`;
  const positions = Object.fromEntries(Array.from({ length: MANY }, (_, i) => [idOf(i), { seq: i, joinedSeq: 0 }]));
  let request: Body | undefined;
  const ms = msOf(() => (request = readInput(Body, { positions })));
  expect(Object.keys(request?.positions ?? {})).toHaveLength(MANY);
  expect(ms).toBeLessThan(SOON_MS);
});
