/** One refused field of a body, a query or a header. */
export interface FieldError {
  /** Path of the field, for instance `text` or `messages.3.text`. */
  readonly field: string;
  readonly message: string;
}

/** The one error the API throws on purpose: it becomes an RFC 9457 answer. Anything else that is thrown is a bug (500). */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    detail?: string,
    readonly errors?: readonly FieldError[],
  ) {
    super(detail ?? kind.title);
    this.name = 'Problem';
  }
}

/** A kind of problem. Clients branch on `code`; once released a code keeps its meaning and its status. */
export interface ProblemKind {
  (detail?: string, errors?: readonly FieldError[]): Problem;
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

const byCode = new Map<string, ProblemKind>();

/** Declares a kind once; the same value is thrown, documented and asserted on. Throws where two kinds share a code. */
export function problem(code: string, status: number, title: string): ProblemKind {
  if (byCode.has(code)) throw new Error(`two kinds of problem are called ${code}`);
  const make = (detail?: string, errors?: readonly FieldError[]): Problem => new Problem(kind, detail, errors);
  const kind: ProblemKind = Object.assign(make, { code, status, title });
  byCode.set(code, kind);
  return kind;
}

/** Every declared kind, by its code. */
export const problemsByCode = (): ReadonlyMap<string, ProblemKind> => byCode;
