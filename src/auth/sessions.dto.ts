import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { Page } from '../common/paging.dto.js';
import { User } from '../users/users.dto.js';
import { MAX_PASSWORD_LENGTH } from './password.js';

/** What a user logs in with. */
export class CreateSession {
  /**
   * In any case.
   * @example 'ana'
   */
  @IsString()
  @MaxLength(32)
  username: string;

  /**
   * The user's password.
   * @example 'correct horse battery'
   */
  @IsString()
  @MaxLength(2 * MAX_PASSWORD_LENGTH)
  password: string;
}

/** How a session gets new tokens. */
export class RefreshSession {
  /**
   * The newest refresh token of the session. It may be sent again where the answer was lost; an older one ends the session.
   * @example '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f.1.Zl5k0cQ2Vb0sW0gq1m3o8y9xJ2n7t4u6r5e3w1q0aSd'
   */
  @IsString()
  @MaxLength(200)
  refreshToken: string;
}

/** What a session calls with. */
export class Tokens {
  /**
   * Goes into `Authorization: Bearer …`.
   * @example 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzaWQiOiIwMTkzIn0.c2lnbmF0dXJl'
   */
  accessToken: string;

  /**
   * Seconds for which the access token holds.
   * @example 900
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  expiresIn: number;

  /**
   * Gives the next tokens (`POST /v1/sessions/refresh`), for 30 days. Opaque.
   * @example '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f.1.Zl5k0cQ2Vb0sW0gq1m3o8y9xJ2n7t4u6r5e3w1q0aSd'
   */
  refreshToken: string;

  /** The user whose session it is. */
  user: User;
}

/** One login of a user. */
export class Session {
  /**
   * The session's id.
   * @example '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The `User-Agent` of the login; empty where there was none.
   * @example 'Mozilla/5.0 (X11; Linux x86_64)'
   */
  device: string;

  /**
   * When the user logged in.
   * @example '2026-11-23T09:41:07.123Z'
   */
  createdAt: Date;

  /**
   * When the session last got tokens.
   * @example '2026-11-23T10:26:07.456Z'
   */
  lastUsedAt: Date;

  /**
   * Whether it is the session that asks.
   * @example true
   */
  current: boolean;
}

/** A page of sessions, newest first. */
export class SessionPage extends Page {
  /** The sessions of this page. */
  items: Session[];
}
