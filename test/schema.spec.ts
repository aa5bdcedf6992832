import { expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/database/data-source.js';
import { schema } from '../src/schema.js';
import { newDatabase } from './support/database.js';

async function onMigrated<T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const database = await newDatabase();
  const dataSource = await new DataSource(dataSourceOptions(database.url, schema)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
    await database.drop();
  }
}

/** Every column, constraint and index, and how each table is stored. */
const CATALOG = `
  SELECT 'column' AS what, table_name || '.' || column_name AS name,
    concat_ws(' ', data_type, character_maximum_length, datetime_precision, is_nullable, column_default, collation_name) AS is
  FROM information_schema.columns WHERE table_schema = current_schema()
  UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
  UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace
  UNION ALL SELECT 'table', relname, reloptions::text FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
  ORDER BY 1, 2`;

it('entities and migrations make the same tables', async () => {
  const { upQueries } = await onMigrated((dataSource) => dataSource.driver.createSchemaBuilder().log());
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

it('each migration goes down, leaving nothing of itself, and up again to the same tables', async () => {
  await onMigrated(async (dataSource) => {
    const before = await dataSource.query<object[]>(CATALOG);
    for (const _ of schema.migrations) await dataSource.undoLastMigration();
    const tables = await dataSource.query<object[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'migrations'`,
    );
    expect(tables).toEqual([]);
    expect(await dataSource.runMigrations()).toHaveLength(schema.migrations.length);
    expect(await dataSource.query(CATALOG)).toEqual(before);
  });
});
