import { IsString, MaxLength } from 'class-validator';
import { IsPassword, MAX_PASSWORD_LENGTH } from '../auth/password.js';
import { MayBeAbsent } from '../common/absent.js';
import { IsText, MAX_NAME_LENGTH } from '../common/text.js';
import { IsExternalId, IsUsername } from '../users/names.js';

/** Names that a user may be given. */
export class UserNames {
  /**
   * Unique, taken in any case and kept in lower case.
   * @example 'ana'
   */
  @MayBeAbsent()
  @IsUsername()
  username?: string;

  /**
   * The name to show: free, and not unique. Who begins without one is called by the username, else "User" and four
   * characters of the id.
   * @example 'Ana Marić'
   */
  @MayBeAbsent()
  @IsText(MAX_NAME_LENGTH)
  displayName?: string;
}

/** A user to register (`username` and `password` are needed), or to create as an application (no `password`; all else may be left out). */
export class CreateUser extends UserNames {
  /**
   * 8 to 256 characters. Needed to register; an application gives none, and its users get their sessions from it.
   * @example 'correct horse battery'
   */
  @MayBeAbsent()
  @IsPassword()
  password?: string;

  /**
   * Applications only: their own id for the user, unique. It makes the address `ext:<externalId>`.
   * @example 'crm:4711'
   */
  @MayBeAbsent()
  @IsExternalId()
  externalId?: string;
}

/** The names to give a user that an application knows by its own id. What is absent stays as it is. */
export class PutUser extends UserNames {}

/** What to change of a user. What is absent stays as it is. */
export class UpdateUser extends UserNames {}

/** A password to change. */
export class ChangePassword {
  /**
   * The password until now.
   * @example 'correct horse battery'
   */
  @IsString()
  @MaxLength(2 * MAX_PASSWORD_LENGTH)
  currentPassword: string;

  /**
   * The password from now on: 8 to 256 characters.
   * @example 'a longer horse with a staple'
   */
  @IsPassword()
  newPassword: string;
}
