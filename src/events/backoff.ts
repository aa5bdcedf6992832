const FIRST_MS = 100;
const MAX_MS = 5000;

/** How long to wait before the n-th try (from 1) to connect again: doubling, and spread, lest all copies come at once. */
export const backoffMs = (attempt: number): number =>
  Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10)) * (0.5 + Math.random() / 2);
