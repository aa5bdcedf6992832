import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TEXT_PATTERN, textFault } from './text.js';

const pattern = new RegExp(TEXT_PATTERN, 'u');

it('takes exactly the texts that fit the pattern of the contract', () => {
  const letter = fc.constantFrom('\u0000', ' ', '\n', '\u2003', '\ufeff', 'a', 'ß', '\u{1f469}', '\u200d');
  const texts = fc.oneof(
    fc.string({ unit: letter, minLength: 1, maxLength: 6 }),
    fc.string({ minLength: 1, maxLength: 6 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(pattern.test(text)).toBe(textFault(text, 160) === undefined);
    }),
    { numRuns: 2_000 },
  );
});

it('refuses what a pattern cannot say', () => {
  expect(textFault('\ud83d', 160)).toBe('must not contain lone surrogates');
  expect(textFault('\u{1f469}'.repeat(160), 160)).toBeUndefined();
  expect(textFault('\u{1f469}'.repeat(161), 160)).toMatch(/at most 160/);
  expect(textFault(160, 160)).toBe('must be a string');
});
