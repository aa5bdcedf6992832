import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';

/** Every setting: one property each, read from the environment variable of the same name in capitals (`databaseUrl`: DATABASE_URL). */
export class Settings {
  /** Address to listen on. */
  @IsString()
  host: string = '127.0.0.1';

  /** Port to listen on; 0 takes any free one. */
  @IsInt()
  @Min(0)
  @Max(65535)
  port: number = 3000;

  /** PostgreSQL to use. Without it Parley starts its own, in DATA_DIR. */
  @IsString()
  databaseUrl: string;

  /** Connections to PostgreSQL of one process. */
  @IsInt()
  @Min(2)
  @Max(1000)
  databasePoolSize: number = 10;

  /** Signs access and refresh tokens. Required with DATABASE_URL; else made once and kept in DATA_DIR. */
  @IsString()
  @MinLength(32)
  jwtSecret: string;

  /** An application key with every scope, valid while it is set and never stored. */
  @IsOptional()
  @IsString()
  @MinLength(16)
  @MaxLength(200)
  bootstrapApiKey?: string;

  /** Whether anyone may register: `open` on the embedded database, `closed` with DATABASE_URL, unless set. */
  @IsIn(['open', 'closed'])
  registration: 'open' | 'closed' = 'open';

  /** Whether users find others by the beginning of a name or by the exact username only. */
  @IsIn(['prefix', 'exact'])
  userSearch: 'prefix' | 'exact' = 'prefix';

  /** How many members a group may have. */
  @IsInt()
  @Min(2)
  @Max(100_000)
  groupMaxMembers: number = 10_000;

  /** The HTTP engine: Express, or Fastify, which takes less processor time per request. */
  @IsIn(['express', 'fastify'])
  httpEngine: 'express' | 'fastify' = 'express';

  /** Origins whose pages may call the API, separated by commas; `*` for any. None unless set. */
  @IsString({ each: true })
  corsOrigins: string[] = [];
}
