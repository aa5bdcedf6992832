import type { Statement } from './statement.js';

interface PgQueryable {
  query(config: {
    name: string;
    text: string;
    values: readonly unknown[];
  }): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

/** Runs named, prepared statements on the pool or inside one transaction. */
export class Db {
  constructor(private readonly pg: PgQueryable) {}

  /** All rows, in the statement's own order. */
  async many<P extends readonly unknown[], R>(stmt: Statement<P, R>, ...params: P): Promise<R[]> {
    const { rows } = await this.pg.query({ name: stmt.name, text: stmt.text, values: params });
    return rows as R[];
  }

  /** The first row, or undefined where the statement answers none. */
  async maybe<P extends readonly unknown[], R>(stmt: Statement<P, R>, ...params: P): Promise<R | undefined> {
    return (await this.many(stmt, ...params))[0];
  }

  /** The row of a statement that always answers one. */
  async one<P extends readonly unknown[], R>(stmt: Statement<P, R>, ...params: P): Promise<R> {
    const row = await this.maybe(stmt, ...params);
    if (row === undefined) throw new Error(`${stmt.name} answered no row`);
    return row;
  }

  /** How many rows the statement changed. */
  async change<P extends readonly unknown[]>(stmt: Statement<P, never>, ...params: P): Promise<number> {
    const { rowCount } = await this.pg.query({ name: stmt.name, text: stmt.text, values: params });
    return rowCount ?? 0;
  }
}
