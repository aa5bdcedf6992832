import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { PoolClient } from 'pg';
import { EventBus, type AnyEvent } from '../events/event-bus.js';
import { Db } from './db.js';
import { isRetriable } from './errors.js';

const MAX_ATTEMPTS = 3;

type Isolation = 'READ COMMITTED' | 'REPEATABLE READ';

/** One open transaction: `db` runs statements in it, `orm` is TypeORM in it, `emit` announces once it has committed. */
export interface Tx {
  readonly db: Db;
  readonly orm: EntityManager;
  emit(event: AnyEvent): void;
}

@Injectable()
export class UnitOfWork {
  constructor(
    private readonly dataSource: DataSource,
    private readonly bus: EventBus,
  ) {}

  /**
   * Runs `work` in one transaction (READ COMMITTED unless said) and publishes its events after COMMIT, never before.
   *
   * A deadlock or serialization failure rolls back and runs `work` again from the start on a new transaction, at
   * most 3 times, so `work` must have no effect outside `tx`.
   *
   * Locks: users (by id), then conversations (by id), then members (by conversation, user).
   *
   * @throws whatever `work` throws, after ROLLBACK.
   */
  async run<T>(work: (tx: Tx) => Promise<T>, isolation: Isolation = 'READ COMMITTED'): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work, isolation);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isRetriable(error)) throw error;
      }
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>, isolation: Isolation): Promise<T> {
    const events: AnyEvent[] = [];
    let result: T;
    await using runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    await runner.startTransaction(isolation);
    try {
      result = await work({ db: new Db(client), orm: runner.manager, emit: (event) => events.push(event) });
      await this.bus.prepare(events, client);
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined); // a broken connection has rolled back by itself
      throw error;
    }
    await runner.release(); // before publishing: what a handler does cannot undo or repeat the work, nor hold its connection
    this.bus.publish(events);
    return result;
  }
}
