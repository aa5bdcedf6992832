import { malformed } from './problems.js';

type Part = string | number;

/**
 * A kind of cursor: opaque to clients, and versioned by its kind, so that a cursor of another list or of an
 * older server is refused instead of misread. `isValid` looks at the decoded parts.
 */
export class CursorKind<P extends readonly Part[]> {
  constructor(
    private readonly kind: string,
    private readonly isValid: (parts: readonly unknown[]) => boolean,
  ) {}

  encode(...parts: P): string {
    return Buffer.from(JSON.stringify([this.kind, ...parts])).toString('base64url');
  }

  /** @throws malformed (400): not a cursor of this kind */
  decode(cursor: string): P {
    const [kind, ...parts] = this.parse(cursor);
    if (kind !== this.kind || !this.isValid(parts)) throw malformed('The cursor is not one that this list gave out.');
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

/** A time as cursors carry it, RFC 3339 in UTC with milliseconds, and one that PostgreSQL takes: no 30th of February, no year 0. */
export function isMoment(part: unknown): part is string {
  if (typeof part !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part) || part < '0001') return false;
  const time = new Date(part);
  return !Number.isNaN(time.getTime()) && time.toISOString() === part;
}
