import { ApiProperty } from '@nestjs/swagger';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsIn } from 'class-validator';
import { SCOPES, type Scope } from '../common/caller.js';
import { Page } from '../common/paging.dto.js';
import { IsText, MAX_NAME_LENGTH } from '../common/text.js';

/** A key to make. */
export class CreateApiKey {
  /**
   * What the key is for: for people to know it by.
   * @example 'shop backend'
   */
  @IsText(MAX_NAME_LENGTH)
  name: string;

  /**
   * `act`: act for users (messages, groups, blocks). `users`: create, list, change and remove users. `admin`: manage keys.
   * @example ['act', 'users']
   */
  @ApiProperty({ enum: SCOPES, isArray: true, minItems: 1, uniqueItems: true })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];
}

/** An application's key, without the key itself. */
export class ApiKey {
  /**
   * The key's id.
   * @example '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * What the key is for.
   * @example 'shop backend'
   */
  name: string;

  /**
   * What the key allows.
   * @example ['act', 'users']
   */
  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: Scope[];

  /**
   * When the key was made.
   * @example '2026-11-23T09:41:07.123Z'
   */
  createdAt: Date;

  /**
   * When the key was last used, to the minute. Absent where it never was.
   * @example '2026-11-23T10:26:00.000Z'
   */
  lastUsedAt?: Date;

  /**
   * When the key was revoked. Absent where it holds.
   * @example '2026-11-24T08:00:00.000Z'
   */
  revokedAt?: Date;
}

/** A key that was just made. */
export class CreatedApiKey extends ApiKey {
  /**
   * The key itself, for `X-Api-Key`. It is shown this once.
   * @example 'parley_6ZbLkqv0oQmS1dX9yT3wR7uE5hJ2nC8pA4fG0iK6lMs'
   */
  key: string;
}

/** A page of keys, newest first. */
export class ApiKeyPage extends Page {
  /** The keys of this page. */
  items: ApiKey[];
}
