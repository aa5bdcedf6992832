import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { databaseSchemaOf, dataSourceOptions } from './src/database/data-source.js';
import { schema } from './src/schema.js';

/** For the TypeORM command line: `DATABASE_URL=… npm run typeorm -- migration:generate migrations/Name`. */
export default new DataSource(dataSourceOptions(process.env.DATABASE_URL ?? '', schema, databaseSchemaOf(process.env)));
