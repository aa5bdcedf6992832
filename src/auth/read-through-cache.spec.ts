import { beforeEach, expect, it } from '@jest/globals';
import { ReadThroughCache } from './read-through-cache.js';

let now: number;
let healthySince: number | undefined;
let lookUps: number;
let stored: string | undefined;
let cache: ReadThroughCache<string>;

beforeEach(() => {
  now = 10_000;
  healthySince = 0;
  lookUps = 0;
  stored = 'ana';
  cache = new ReadThroughCache({ healthySince: () => healthySince }, { max: 100, ttlMs: 60_000 }, () => now);
});

const get = (): Promise<string | undefined> =>
  cache.get('key', () => {
    lookUps++;
    return Promise.resolve(stored);
  });

it('a value is looked up once, also for 50 callers at once, and again when its time is over', async () => {
  expect(await Promise.all(Array.from({ length: 50 }, get))).toEqual(Array(50).fill('ana'));
  now += 59_000;
  await get();
  expect(lookUps).toBe(1);
  now += 2000;
  await get();
  expect(lookUps).toBe(2);
});

it('a value is looked up at most once a second while the bus may miss events, so that a deletion is seen', async () => {
  await get();
  healthySince = undefined;
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

it('a value from before a possible loss is looked up once more after it', async () => {
  await get();
  healthySince = 15_000;
  now = 16_000;
  await get();
  await get();
  expect(lookUps).toBe(2);
});

it('a look-up that fails rejects for its callers and is not cached', async () => {
  await expect(cache.get('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await get()).toBe('ana');
});

it('a value that was forgotten, or not found, is looked up again', async () => {
  await get();
  cache.forget('key');
  stored = undefined;
  await get();
  await get();
  expect(lookUps).toBe(3);
});

it('a value that was not found does not come back when the bus is healthy again', async () => {
  await get();
  healthySince = undefined;
  now += 1000;
  stored = undefined;
  expect(await get()).toBeUndefined();
  healthySince = 0;
  stored = 'ben';
  expect(await get()).toBe('ben');
});

it('a value is as old as the start of its look-up, since an event may be lost while it runs', async () => {
  const value = await cache.get('key', () => {
    now += 100;
    healthySince = now - 50;
    return Promise.resolve('before the loss');
  });
  expect(value).toBe('before the loss');
  expect(await get()).toBe('ana');
});
