import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new key: 256 random bits, with a prefix that scanners for leaked secrets recognize. */
export const newKey = (): string => `parley_${randomBytes(32).toString('base64url')}`;

/** How a key is stored: SHA-256, base64url. The key is random, so a slow hash would add nothing. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('base64url');

/** Compares in a time that reveals neither where two keys differ nor how long they are. */
export const isSameKey = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(hashKey(one)), Buffer.from(hashKey(other)));
