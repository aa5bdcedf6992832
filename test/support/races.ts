import { ParleyError } from '../../sdk/src/index.js';

/** Starts `work` `count` times at once. */
export const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T>[] =>
  Array.from({ length: count }, (_, index) => work(index));

/** How many succeeded (`done`), and how many were refused with each code; throws any other error. */
export async function outcomes(promises: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(promises)) {
    const outcome = result.status === 'fulfilled' ? 'done' : codeOf(result.reason);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

function codeOf(error: unknown): string {
  if (error instanceof ParleyError) return error.code;
  throw error;
}
