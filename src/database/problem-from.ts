import { Problem } from '../common/problem.js';
import { internal, unavailable } from '../common/problems.js';
import { isUnavailable } from './errors.js';

/**
 * What a client is told of any error: a problem as it is, `unavailable` (503) if PostgreSQL is busy or away, and
 * `internal` (500) for everything else, which is a bug of ours and goes to `reportBug`.
 */
export function problemFrom(error: unknown, reportBug: (error: unknown) => void): Problem {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) return unavailable();
  reportBug(error);
  return internal();
}
