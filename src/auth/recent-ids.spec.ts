import { expect, it } from '@jest/globals';
import { RecentIds } from './recent-ids.js';

it('an id is kept until its time is over, counted from the last time it was added', () => {
  let now = 0;
  const ids = new RecentIds(1000, () => now);
  ids.add('a');
  ids.add('b');
  now = 900;
  ids.add('a');
  now = 1500;
  ids.add('c');
  expect(['a', 'b', 'c'].map((id) => ids.has(id))).toEqual([true, false, true]);
});
