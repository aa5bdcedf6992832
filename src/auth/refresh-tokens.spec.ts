import { expect, it } from '@jest/globals';
import { decideRefresh, RefreshTokens } from './refresh-tokens.js';

const CLAIM = { sessionId: '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f', number: 12 };
const tokens = new RefreshTokens('0123456789abcdef0123456789abcdef');

it('an issued refresh token is read back', () => {
  expect(tokens.read(tokens.issue(CLAIM))).toEqual(CLAIM);
});

it('a refresh token with another session, number, signature or secret is not accepted', () => {
  const token = tokens.issue(CLAIM);
  const [session = '', , mac = ''] = token.split('.');
  const other = tokens.issue({ ...CLAIM, number: 13 }).split('.')[2];
  for (const forged of [
    token.replace('0193', '0194'),
    `${session}.11.${mac}`,
    `${session}.012.${mac}`,
    `${session}.12.${other}`,
    `${session}.12.${mac.slice(1)}`,
    `${token}A`,
    'a.b.c',
    '',
    new RefreshTokens('another secret of enough length.').issue(CLAIM),
  ]) {
    expect(tokens.read(forged)).toBeUndefined();
  }
});

it.each([
  [7, 7, 'advance'],
  [7, 6, 'repeat'],
  [7, 5, 'end'],
  [7, 1, 'end'],
  [7, 8, 'refuse'],
  [1, 1, 'advance'],
])('if refresh token %i is current, using %i means: %s', (current, used, decision) => {
  expect(decideRefresh(current, used)).toBe(decision);
});

it('a client that loses every answer and tries again keeps its session; a copy that is used later ends it', () => {
  let current = 1;
  for (let used = 1; used <= 100; used++) {
    if (decideRefresh(current, used) === 'advance') current++;
    expect(decideRefresh(current, used)).toBe('repeat');
  }
  expect(decideRefresh(current, 42)).toBe('end');
});
