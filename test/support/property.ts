import * as fc from 'fast-check';

/** After this time a failure is reported as small as it is by then. Below Jest's own limit, see `PROPERTY_TIMEOUT`. */
const NARROW_FOR_MS = 90_000;
/** For `it(…, PROPERTY_TIMEOUT)`: a failure takes time to shrink. */
export const PROPERTY_TIMEOUT = NARROW_FOR_MS + 30_000;

/**
 * Runs `check` with random inputs. A failure prints its seed: `PROPERTY_SEED=<seed> npm test -- <file>` runs the same
 * inputs again.
 */
export async function forAll<T>(
  inputs: fc.Arbitrary<T>,
  runs: number,
  check: (input: T) => Promise<void>,
): Promise<void> {
  const seed = process.env.PROPERTY_SEED === undefined ? {} : { seed: Number(process.env.PROPERTY_SEED) };
  await fc.assert(fc.asyncProperty(inputs, check), {
    numRuns: runs,
    interruptAfterTimeLimit: NARROW_FOR_MS,
    markInterruptAsFailure: true,
    ...seed,
  });
}
