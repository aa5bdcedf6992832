import { ApiProperty } from '@nestjs/swagger';
import { MayBeAbsent } from '../common/absent.js';
import { Page, PageQuery } from '../common/paging.dto.js';
import { IsText, MAX_NAME_LENGTH } from '../common/text.js';

/** What everyone may know of a user. It stands wherever someone is named. */
export class UserSummary {
  /**
   * The user's id.
   * @example '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Unique, in lower case. Absent where the user has none.
   * @example 'ana'
   */
  username?: string;

  /**
   * The name to show: free, and not unique.
   * @example 'Ana Marić'
   */
  displayName: string;

  /**
   * Whether the account was removed. What a removed user sent stays, from "Deleted user".
   * @example false
   */
  deleted: boolean;
}

/** A user. */
export class User extends UserSummary {
  /**
   * When the account was made.
   * @example '2026-11-23T09:41:07.123Z'
   */
  createdAt: Date;

  /**
   * The application's own id for the user: set and seen by applications only.
   * @example 'crm:4711'
   */
  externalId?: string;
}

/** A page of users. */
export class UserPage extends Page {
  /** The users of this page. */
  items: User[];
}

/** Which users to list. */
export class ListUsers extends PageQuery {
  /**
   * The beginning of a username or of a display name, in any case. Usernames that match come first. An application may
   * leave it out: all users, in the order of their ids. Where the server has USER_SEARCH=exact, users find the exact
   * username only.
   * @example 'an'
   */
  @MayBeAbsent()
  @IsText(MAX_NAME_LENGTH)
  search?: string;
}
