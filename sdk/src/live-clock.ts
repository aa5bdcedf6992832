/** Time and chance, so that tests can hold them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Calls once, after so many milliseconds; answers how to prevent it. */
  after(ms: number, call: () => void): () => void;
}

/** What is longer, timers take for nothing. */
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
 * How long to wait before the n-th attempt (from 0) to connect again: twice as long each time, up to half a minute, and
 * of that a random part from a half on, so that the clients of a server that was away do not come all at once.
 */
export function backoffMs(attempt: number, clock: Clock): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(longest * (0.5 + clock.random() / 2));
}

/** How long before its expiry a token is renewed: a minute, or a fifth of what is left where that is less. */
const EARLY_MS = 60_000;

/** In how many milliseconds to renew an access token; undefined where it does not say when it expires. */
export function renewInMs(token: string, now: number): number | undefined {
  const expiresAt = expiryOf(token);
  if (expiresAt === undefined) return undefined;
  const left = Math.max(0, expiresAt - now);
  return left - Math.min(EARLY_MS, left / 5);
}

/** `exp` of a JWT (RFC 7519), in milliseconds since 1970. Nothing is verified: that is for the server. */
function expiryOf(token: string): number | undefined {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
