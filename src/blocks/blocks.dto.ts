import { IsString, MaxLength, MinLength } from 'class-validator';
import { Page } from '../common/paging.dto.js';
import { UserSummary } from '../users/users.dto.js';

/** Whom to block. */
export class BlockUser {
  /**
   * Address of the user: an id, or `@username`; from an application also `ext:<externalId>`.
   * @example '@ben'
   */
  @IsString()
  @MinLength(1)
  @MaxLength(400)
  user: string;
}

/** A user whom the caller has blocked. */
export class Block {
  /** Who is blocked. */
  user: UserSummary;

  /**
   * When they were blocked.
   * @example '2026-11-23T09:41:07.123Z'
   */
  createdAt: Date;
}

/** A page of blocks. */
export class BlockPage extends Page {
  /** The blocks of this page. */
  items: Block[];
}

/** What holds between the caller and a user. */
export class BlockState {
  /** The other user. */
  user: UserSummary;

  /**
   * Whether the caller has blocked them, so that they cannot write to the caller.
   * @example true
   */
  blocked: boolean;

  /**
   * Whether they have blocked the caller, so that the caller cannot write to them.
   * @example false
   */
  blocksYou: boolean;
}
