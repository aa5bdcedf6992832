import { expect, it } from '@jest/globals';
import { unavailable } from '../common/problems.js';
import { Limiter } from './limiter.js';

it('a limiter runs two tasks at a time in order, lets three wait and refuses the rest', async () => {
  const limiter = new Limiter(2, 3);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const task = (i: number) => (): Promise<number> => {
    order.push(i);
    most = Math.max(most, ++running);
    return new Promise((done) => setImmediate(() => done((running--, i))));
  };
  const all = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7].map((i) => limiter.run(task(i))));
  expect(all.map(({ status }) => status)).toEqual([...Array<string>(5).fill('fulfilled'), 'rejected', 'rejected']);
  expect(all[6]).toMatchObject({ reason: { kind: unavailable } });
  expect([order, most]).toEqual([[1, 2, 3, 4, 5], 2]);
});

it('a task that fails frees its slot for the next task', async () => {
  const limiter = new Limiter(1, 1);
  const failed = limiter.run(() => Promise.reject(new Error('no')));
  const next = limiter.run(() => Promise.resolve('yes'));
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
  expect(await limiter.run(() => Promise.resolve('again'))).toBe('again');
});
