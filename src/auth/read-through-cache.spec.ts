import { beforeEach, expect, it } from '@jest/globals';
import { ReadThroughCache } from './read-through-cache.js';

let now: number;
let freshSince: number | undefined;
let lookUps: number;
let stored: string | undefined;
let remembered: ReadThroughCache<string>;

beforeEach(() => {
  now = 10_000;
  freshSince = 0;
  lookUps = 0;
  stored = 'ana';
  remembered = new ReadThroughCache({ healthySince: () => freshSince }, { max: 100, ttlMs: 60_000 }, () => now);
});

const get = (): Promise<string | undefined> =>
  remembered.get('key', () => {
    lookUps++;
    return Promise.resolve(stored);
  });

it('looks up once, also for 50 at once, and again when its time is over', async () => {
  expect(await Promise.all(Array.from({ length: 50 }, get))).toEqual(Array(50).fill('ana'));
  now += 59_000;
  await get();
  expect(lookUps).toBe(1);
  now += 2000;
  await get();
  expect(lookUps).toBe(2);
});

it('looks up again at most once a second while the bus is not heard, and sees what ended', async () => {
  await get();
  freshSince = undefined;
  now += 1000;
  await Promise.all([get(), get()]);
  now += 999;
  await get();
  expect(lookUps).toBe(2);
  now += 1;
  stored = undefined;
  expect(await get()).toBeUndefined();
  expect(lookUps).toBe(3);
});

it('looks up once more after the bus was not heard, since something may have been missed', async () => {
  await get();
  freshSince = 15_000;
  now = 16_000;
  await get();
  await get();
  expect(lookUps).toBe(2);
});

it('a look-up that fails is told to who waits and not remembered', async () => {
  await expect(remembered.get('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await get()).toBe('ana');
});

it('what is forgotten, or was not found, is looked up again', async () => {
  await get();
  remembered.forget('key');
  stored = undefined;
  await get();
  await get();
  expect(lookUps).toBe(3);
});
