import { DatabaseError } from 'pg';

/** pg's own error, also where TypeORM has wrapped it (QueryFailedError.driverError). */
export function databaseError(error: unknown): DatabaseError | undefined {
  const inner = (error as { driverError?: unknown } | undefined)?.driverError ?? error;
  return inner instanceof DatabaseError ? inner : undefined;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = '23505';
const LOCK_NOT_AVAILABLE = '55P03';
const RETRIABLE = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected

/** Whether the error is a violation of the unique constraint or index of this name. */
export function violates(error: unknown, constraint: string): boolean {
  const found = databaseError(error);
  return found?.code === UNIQUE_VIOLATION && found.constraint === constraint;
}

/** Whether the same transaction, run again from its start, may succeed. */
export const isRetriable = (error: unknown): boolean => RETRIABLE.has(databaseError(error)?.code ?? '');

/** The row was locked by another transaction for longer than lock_timeout. */
export const isLockTimeout = (error: unknown): boolean => databaseError(error)?.code === LOCK_NOT_AVAILABLE;

/** PostgreSQL answered with an error, so the statement had no effect. False where no answer came: then nobody knows. */
export const isRolledBack = (error: unknown): boolean => databaseError(error) !== undefined;

/** lock_timeout, statement_timeout, a pool or server that is full, a server that is shutting down, starting or gone. */
const UNAVAILABLE = /^(55P03|57014|57P0[1-3]|53\d{3}|08\w{3}|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;
/** pg gives these no code. */
const CONNECTION_LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether the same request may well succeed in a moment: PostgreSQL is busy or cannot be reached. */
export function isUnavailable(error: unknown): boolean {
  const { code, message } = ((error as { driverError?: unknown } | undefined)?.driverError ?? error ?? {}) as Partial<
    Record<'code' | 'message', unknown>
  >;
  return UNAVAILABLE.test(String(code)) || CONNECTION_LOST.test(String(message));
}
