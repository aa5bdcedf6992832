import { expect, it } from '@jest/globals';
import { parseAddress } from './address.js';

const ID = '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f';

it.each([
  [ID, { id: ID }],
  [ID.toUpperCase(), { id: ID }],
  ['@Ana', { username: 'ana' }],
  ['%40ana', { username: 'ana' }],
  ['ext:crm:42@shop', { externalId: 'crm:42@shop' }],
  ['ext%3Acrm%3A42', { externalId: 'crm:42' }],
])('%s is an address', (address, expected) => {
  expect(parseAddress(address)).toEqual(expected);
});

it.each(['', 'ana', '@', '@a', '@a\u0000bc', 'ext:', 'ext:a b', '%', '%E0%A4%A', '%2540ana', `${ID}.1`, 'me'])(
  '%j is not an address',
  (address) => {
    expect(parseAddress(address)).toBeUndefined();
  },
);
