import { expect, it } from '@jest/globals';
import { passwordFault } from './password.js';

it.each(['12345678', '        ', '🔑'.repeat(8), '🔑'.repeat(256), 'x'.repeat(256)])(
  '%s can be a password',
  (password) => {
    expect(passwordFault(password)).toBeUndefined();
  },
);

it.each([undefined, 12345678, '', '1234567', '🔑'.repeat(7), '🔑'.repeat(257), 'x'.repeat(257), '1234567\ud800'])(
  '%j cannot be a password',
  (password) => {
    expect(passwordFault(password)).toBeDefined();
  },
);
