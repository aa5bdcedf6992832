import type { DataSource, DataSourceOptions, EntityTarget, MigrationInterface } from 'typeorm';
import { types, type Pool } from 'pg';
import { StartupError } from '../common/startup-error.js';
import { Settings } from '../config/settings.js';
import { isSchemaName, SCHEMA_NAME_RULE } from '../config/validators.js';
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

export type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }> & {
  readonly url: string;
  readonly schema: string;
};

/** By default as the settings are. */
interface Wishes {
  readonly databaseSchema?: string;
  readonly databasePoolSize?: number;
}

/** DATABASE_SCHEMA, for a command that reads no other setting. */
export const databaseSchemaOf = ({ DATABASE_SCHEMA }: NodeJS.ProcessEnv): Wishes =>
  DATABASE_SCHEMA ? { databaseSchema: DATABASE_SCHEMA } : {};

/** @throws StartupError: no name of a schema */
export function dataSourceOptions(url: string, schema: Schema, wishes: Wishes = {}): PostgresOptions {
  const { databaseSchema, databasePoolSize } = { ...new Settings(), ...wishes };
  if (!isSchemaName(databaseSchema)) throw new StartupError(`DATABASE_SCHEMA ${SCHEMA_NAME_RULE}`);
  return {
    type: 'postgres',
    url,
    schema: databaseSchema,
    entities: [...schema.entities],
    migrations: [...schema.migrations],
    migrationsTransactionMode: 'each',
    synchronize: false,
    migrationsRun: false, // openDataSource runs them, under a lock
    logger: new DatabaseLog(),
    extra: {
      max: databasePoolSize,
      types: withNumbers,
      options: `${SESSION_SETTINGS} -c search_path=${databaseSchema}`,
      application_name: 'parley',
    },
  };
}

/** The pool that TypeORM opened. */
export const poolOf = (dataSource: DataSource): Pool => (dataSource.driver as unknown as { master: Pool }).master;
