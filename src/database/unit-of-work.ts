import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { PoolClient } from 'pg';
import { EventBus, type AnyEvent } from '../events/event-bus.js';
import { Db } from './db.js';
import { DATA_SOURCE, poolOf } from './data-source.js';
import { isRetriable } from './errors.js';
import type { Transaction, Tx } from './tx.js';

const MAX_ATTEMPTS = 3;

type Isolation = 'READ COMMITTED' | 'REPEATABLE READ';

@Injectable()
export class UnitOfWork {
  /** Runs each statement by itself, on the pool. */
  readonly now: Tx;

  constructor(
    @InjectDataSource(DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly bus: EventBus,
  ) {
    this.now = { db: new Db(poolOf(dataSource)), manager: dataSource.manager };
  }

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
  async run<T>(work: (tx: Transaction) => Promise<T>, isolation: Isolation = 'READ COMMITTED'): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work, isolation);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !isRetriable(error)) throw error;
      }
    }
  }

  private async attempt<T>(work: (tx: Transaction) => Promise<T>, isolation: Isolation): Promise<T> {
    const events: AnyEvent[] = [];
    let result: T;
    await using runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    await runner.startTransaction(isolation);
    try {
      result = await work({ db: new Db(client), manager: runner.manager, emit: (event) => events.push(event) });
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
