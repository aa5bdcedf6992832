/** Time and randomness, which tests replace. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Calls once after `ms` milliseconds. Returns a function that cancels the call. */
  after(ms: number, call: () => void): () => void;
}

/** A timer that is longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait before the n-th attempt (from 0) to connect again: twice as long each time, up to half a minute. Half
 * of it is fixed and half is random, so that the clients of a server that was away do not return all at once.
 */
export function backoffMs(attempt: number, clock: Clock): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(longest * (0.5 + clock.random() / 2));
}

/** How long before its expiry a token is renewed: a minute, or a fifth of the time left if that is less. */
const EARLY_MS = 60_000;

/** In how many milliseconds to renew an access token; undefined if the token has no expiry. */
export function renewInMs(token: string, now: number): number | undefined {
  const expiresAt = expiryOf(token);
  if (expiresAt === undefined) return undefined;
  const left = Math.max(0, expiresAt - now);
  return left - Math.min(EARLY_MS, left / 5);
}

/** `exp` of a JWT (RFC 7519), in milliseconds since 1970. Nothing is verified: the server does that. */
function expiryOf(token: string): number | undefined {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
