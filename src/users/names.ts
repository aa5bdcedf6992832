import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import type { UserId } from '../common/ids.js';

/** A username in any case; it is stored in lower case. */
export const USERNAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{2,31}$/;
/** An application's own id for a user. */
export const EXTERNAL_ID = /^[A-Za-z0-9._:@-]{1,128}$/;
/** The display name of a removed user. */
export const DELETED_USER = 'Deleted user';

export function IsUsername(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minLength: 3, maxLength: 32, pattern: USERNAME.source }),
    Matches(USERNAME, {
      message: 'must have 3 to 32 letters, digits, dots, dashes or underscores, and begin with a letter or digit',
    }),
  );
}

export function IsExternalId(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minLength: 1, maxLength: 128, pattern: EXTERNAL_ID.source }),
    Matches(EXTERNAL_ID, { message: 'must have 1 to 128 characters of A-Z, a-z, 0-9 and ._:@-' }),
  );
}

/** The display name of a user without one: their username, else "User" and the last four (random) characters of the id. */
export const defaultDisplayName = (id: UserId, username?: string): string => username ?? `User ${id.slice(-4)}`;
