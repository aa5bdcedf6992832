import { Global, Inject, Module, type OnApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Settings } from '../config/settings.js';
import { dataSourceOptions, migrate, type Schema } from './data-source.js';
import { UnitOfWork } from './unit-of-work.js';

/** The pool, the unit of work and the migrated schema. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  static with(schema: Schema): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: DataSource,
          inject: [Settings],
          useFactory: async (settings: Settings): Promise<DataSource> => {
            const options = dataSourceOptions(settings.databaseUrl, schema, settings.databasePoolSize);
            const dataSource = await new DataSource(options).initialize();
            await migrate(dataSource);
            return dataSource;
          },
        },
        UnitOfWork,
      ],
      exports: [UnitOfWork],
    };
  }

  /** The last hook of closing: the HTTP server and the sockets have closed by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.dataSource.destroy();
  }
}
