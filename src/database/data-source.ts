import type { DataSource, DataSourceOptions, EntityTarget, MigrationInterface } from 'typeorm';
import { types, type Pool } from 'pg';
import { DatabaseLog } from './database-log.js';

/** The name of the data source, so that it is not an application's own: `@InjectRepository(UserEntity, DATA_SOURCE)`. */
export const DATA_SOURCE = 'parley';

/** The schema: entities describe every table, migrations make them. */
export interface Schema {
  readonly entities: readonly (EntityTarget<unknown> & (new () => unknown))[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

const INT8 = 20;

/** bigint columns hold positions and versions, all far below 2^53: numbers, on this pool only. */
const withNumbers = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format),
};

/**
 * What the pool's connections are set to. A plan made while a table was empty would keep its sequential scan. The plan
 * that serves all parameters is the one that is tested; in a log of 10,000,000 PostgreSQL would not trust it and plan
 * a list each time, 0.4 to 1.4 ms longer. Who waits two seconds for a row is told `unavailable` instead of holding a
 * connection.
 */
const SESSION_SETTINGS = '-c enable_seqscan=off -c jit=off -c plan_cache_mode=force_generic_plan -c lock_timeout=2000';

export function dataSourceOptions(url: string, schema: Schema, poolSize = 10): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: [...schema.entities],
    migrations: [...schema.migrations],
    migrationsTransactionMode: 'each',
    synchronize: false,
    migrationsRun: false, // openDataSource runs them, under a lock
    logger: new DatabaseLog(),
    extra: { max: poolSize, types: withNumbers, options: SESSION_SETTINGS, application_name: 'parley' },
  };
}

/** The pool that TypeORM opened. */
export const poolOf = (dataSource: DataSource): Pool => (dataSource.driver as unknown as { master: Pool }).master;
