import { isUuid } from './ids.js';
import { malformed } from './problems.js';

type Part = string | number;
type Check<T extends Part> = (part: unknown) => part is T;

/**
 * A kind of cursor: opaque to clients, and versioned by its kind, so that a cursor of another list or of an older server
 * is refused instead of misread. It takes one check for each part, so a cursor with more or fewer parts is refused too.
 */
export class CursorKind<P extends readonly Part[]> {
  private readonly checks: readonly Check<Part>[];

  constructor(
    private readonly kind: string,
    ...checks: { [I in keyof P]: Check<P[I]> }
  ) {
    this.checks = checks;
  }

  encode(...parts: P): string {
    return Buffer.from(JSON.stringify([this.kind, ...parts])).toString('base64url');
  }

  /** @throws malformed (400): not a cursor of this kind */
  decode(cursor: string): P {
    const [kind, ...parts] = this.parse(cursor);
    const fits = parts.length === this.checks.length && this.checks.every((check, i) => check(parts[i]));
    if (kind !== this.kind || !fits) throw malformed('The cursor is not one that this list gave out.');
    return parts as unknown as P;
  }

  private parse(cursor: string): unknown[] {
    try {
      const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
      return Array.isArray(parts) ? parts : [];
    } catch {
      return [];
    }
  }
}

/** An id of whatever is listed. */
export const isId = (part: unknown): part is string => typeof part === 'string' && isUuid(part);

/** A text that PostgreSQL takes. */
export const isText = (part: unknown): part is string => typeof part === 'string' && !part.includes('\u0000');

/** A number of a message, also one below the first. */
export const isSeq = (part: unknown): part is number => Number.isSafeInteger(part);

/** One of these words or numbers. */
export const isOneOf =
  <const T extends Part>(...parts: readonly T[]) =>
  (part: unknown): part is T =>
    parts.includes(part as T);

/** A time as cursors carry it, RFC 3339 in UTC with milliseconds, and one that PostgreSQL takes: no 30th of February, no year 0. */
export function isMoment(part: unknown): part is string {
  if (typeof part !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part) || part < '0001') return false;
  const time = new Date(part);
  return !Number.isNaN(time.getTime()) && time.toISOString() === part;
}
