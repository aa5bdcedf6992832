import { expect, it } from '@jest/globals';
import { readPage } from './page.js';

const read = (found: number) => async (limit: number) => [1, 2, 3, 4, 5].slice(0, Math.min(found, limit));
const cursorOf = (last: number): string => `after ${last}`;

it.each([
  ['fewer rows than fit', 1, { rows: [1] }],
  ['as many rows as fit', 2, { rows: [1, 2] }],
  ['more rows than fit', 3, { rows: [1, 2], next: 'after 2' }],
  ['no row', 0, { rows: [] }],
])('a page of %s', async (_what, found, page) => {
  expect(await readPage(2, read(found), cursorOf)).toEqual(page);
});
