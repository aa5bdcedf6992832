import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Settings } from '../config/settings.js';
import { EventsModule } from '../events/events.module.js';
import { DATA_SOURCE, dataSourceOptions, type PostgresOptions, type Schema } from './data-source.js';
import { openDataSource } from './open-data-source.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * The data source, with its tables up to date before anything of it can be injected, and the unit of work. TypeORM's module
 * closes the pool, last of all, in onApplicationShutdown.
 */
@Global()
@Module({})
export class DatabaseModule {
  static with(schema: Schema): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          name: DATA_SOURCE,
          imports: [EventsModule], // found below it: Nest shuts such a global module down first, so the bus before the pool
          inject: [Settings],
          useFactory: (settings: Settings) => ({
            ...dataSourceOptions(settings.databaseUrl, schema, settings),
            toRetry: () => false, // not ten times with 3 s between, the migrations too
          }),
          dataSourceFactory: (options) => openDataSource(options as PostgresOptions),
        }),
      ],
      providers: [UnitOfWork],
      exports: [UnitOfWork],
    };
  }
}
