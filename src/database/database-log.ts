import { Logger } from '@nestjs/common';
import type { Logger as OrmLogger } from 'typeorm';

/** What TypeORM has to say, in the server's own log. Not statements, whose parameters are people's data; an error of one reaches whoever ran it. */
export class DatabaseLog implements OrmLogger {
  private readonly logger = new Logger('Database');

  log(level: 'log' | 'info' | 'warn', message: unknown): void {
    if (level === 'warn') this.logger.warn(String(message));
    else this.logger.debug(String(message));
  }

  logMigration(message: string): void {
    this.logger.debug(message);
  }

  logQuery(): void {}
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
}
