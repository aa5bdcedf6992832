import { DatabaseError } from 'pg';

/** pg's own error, also where TypeORM has wrapped it (QueryFailedError.driverError). */
export function databaseError(error: unknown): DatabaseError | undefined {
  const inner = (error as { driverError?: unknown } | undefined)?.driverError ?? error;
  return inner instanceof DatabaseError ? inner : undefined;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = '23505';
const RETRIABLE = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected

/** Whether the error is a violation of the unique constraint or index of this name. */
export function violates(error: unknown, constraint: string): boolean {
  const found = databaseError(error);
  return found?.code === UNIQUE_VIOLATION && found.constraint === constraint;
}

/** Whether the same transaction, run again from its start, may succeed. */
export const isRetriable = (error: unknown): boolean => RETRIABLE.has(databaseError(error)?.code ?? '');
