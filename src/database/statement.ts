/** A named SQL statement: `P` are its parameters in `$1…` order, `R` is one row of its result. */
export interface Statement<P extends readonly unknown[], R> {
  /** Unique: the prepared statement's name and the key of its plan test. */
  readonly name: string;
  readonly text: string;
  /** Types only, never set. */
  readonly types?: { params: P; row: R };
}

const byName = new Map<string, string>();

/** Declares a statement. Throws where two share a name. */
export function statement<P extends readonly unknown[], R>(name: string, text: string): Statement<P, R> {
  if (byName.has(name)) throw new Error(`two SQL statements are named ${name}`);
  byName.set(name, text);
  return { name, text };
}

/** Every declared statement by its name, for the test of their plans. */
export const allStatements = (): ReadonlyMap<string, string> => byName;
