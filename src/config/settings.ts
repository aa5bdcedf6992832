import { ArrayMaxSize, IsOptional, IsString, Length, Matches, MinLength, ValidateIf } from 'class-validator';
import { IsOneOf, IsOrigin, IsSchemaName, IsUrlOf, IsWholeNumber } from './validators.js';

/** From the fewest log lines to the most. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Every setting: one property each, read from the environment variable of the same name in capitals (`databaseUrl`:
 * DATABASE_URL). Its comment is its documentation; its type says how the variable is read: a string, a whole number, or a
 * list separated by commas.
 */
export class Settings {
  /** Address to listen on; `0.0.0.0` or `::` for all of the machine's. */
  @IsString()
  host: string = '127.0.0.1';

  /** Port to listen on; 0 takes any free one. */
  @IsWholeNumber(0, 65_535)
  port: number = 3000;

  /** Directory for PostgreSQL's files, the signing secret and the application key, if DATABASE_URL is not set. */
  @IsString()
  dataDir: string = './data';

  /** PostgreSQL to use, for instance `postgres://parley:secret@db:5432/parley`. Without it Parley runs its own, in DATA_DIR. */
  @IsOptional()
  @IsUrlOf('postgres', 'postgresql')
  databaseUrl: string;

  /** The same database without a PgBouncer in between, for the connection that listens. Default: DATABASE_URL. */
  @IsOptional()
  @IsUrlOf('postgres', 'postgresql')
  databaseListenUrl?: string;

  /** Schema of the database that all tables are in; made if it is not there. What version 0.1.0 made in `public` is moved into it. */
  @IsSchemaName()
  databaseSchema: string = 'parley';

  /** Processes on the one port. More than one pays where PostgreSQL has cores of its own. */
  @IsWholeNumber(1, 64)
  workers: number = 1;

  /** Connections to PostgreSQL of one process. */
  @IsWholeNumber(2, 1000)
  databasePoolSize: number = 10;

  /** Redis or Valkey that carries live delivery between several processes. Default: PostgreSQL carries it. */
  @IsOptional()
  @IsUrlOf('redis', 'rediss')
  redisUrl?: string;

  /** Whether processes on one database send each other events; `off` only for measurements of a single process. */
  @IsOneOf('on', 'off')
  bus: 'on' | 'off' = 'on';

  /** Signs access and refresh tokens. Required with DATABASE_URL; else made once and kept in DATA_DIR. */
  @ValidateIf(({ databaseUrl, jwtSecret }: Settings) => databaseUrl !== undefined || jwtSecret !== undefined)
  @MinLength(32, {
    message: 'must have at least 32 characters, and is required with DATABASE_URL (`openssl rand -hex 32` makes one)',
  })
  jwtSecret: string;

  /** An application key with every scope, valid while it is set and never stored. Without DATABASE_URL one is made and kept in DATA_DIR. */
  @IsOptional()
  @Length(16, 200, { message: 'must have 16 to 200 characters' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'must be of visible ASCII characters, since it travels in a header' })
  bootstrapApiKey?: string;

  /** Whether anyone may register a user. `closed` with DATABASE_URL, unless set. */
  @IsOneOf('open', 'closed')
  registration: 'open' | 'closed' = 'open';

  /** Whether users find others by the beginning of a name, or by the exact username only. */
  @IsOneOf('prefix', 'exact')
  userSearch: 'prefix' | 'exact' = 'prefix';

  /** Origins whose pages may call the API from a browser, `*` for all. Default: none. */
  @IsOrigin({ each: true })
  @ArrayMaxSize(100, { message: 'must be at most 100' })
  corsOrigins: string[] = [];

  /** How much is logged. `info` includes one line per request. */
  @IsOneOf(...LOG_LEVELS)
  logLevel: LogLevel = 'info';

  /** How many members a group may have. */
  @IsWholeNumber(2, 100_000)
  groupMaxMembers: number = 10_000;
}
