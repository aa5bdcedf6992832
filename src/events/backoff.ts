const FIRST_MS = 100;
const MAX_MS = 5000;

/** Milliseconds before the n-th attempt (from 1) to connect again: doubled each time, and random, so that the processes do not all come at once. */
export const backoffMs = (attempt: number): number =>
  Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10)) * (0.5 + Math.random() / 2);
