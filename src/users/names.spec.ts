import { expect, it } from '@jest/globals';
import { defaultDisplayName, EXTERNAL_ID, USERNAME } from './names.js';

it.each(['ana', 'Ana.K-1_x', '007', 'a'.repeat(32)])('%s can be a username', (name) => {
  expect(USERNAME.test(name)).toBe(true);
});

it.each(['an', '.ana', '_ana', 'a na', 'añb', 'ana\n', 'a'.repeat(33), ''])('%j cannot be a username', (name) => {
  expect(USERNAME.test(name)).toBe(false);
});

it.each(['', 'a b', 'a/b', 'a%40', 'x'.repeat(129)])('%j cannot be an externalId', (id) => {
  expect(EXTERNAL_ID.test(id)).toBe(false);
});

it('who gives no display name is called by the username, else by the end of the id', () => {
  expect(defaultDisplayName('0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f', 'ana')).toBe('ana');
  expect(defaultDisplayName('0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f')).toBe('User 9e0f');
});
