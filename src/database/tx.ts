import type { EntityManager } from 'typeorm';
import type { AnyEvent } from '../events/event-bus.js';
import type { Db } from './db.js';

/**
 * What a statement runs in, and the first argument of every method of a repository: `db` runs named statements, `manager`
 * is TypeORM's. From `UnitOfWork.now` each statement is its own transaction, in a Transaction all are one.
 */
export interface Tx {
  readonly db: Db;
  readonly manager: EntityManager;
}

/** One open transaction. A method asks for it, and not for any Tx, if it locks rows or relies on rows that are locked. */
export interface Transaction extends Tx {
  /** Announces the event once the transaction has committed. */
  emit(event: AnyEvent): void;
}
