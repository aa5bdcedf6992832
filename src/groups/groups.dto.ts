import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { Page } from '../common/paging.dto.js';
import { IsText, MAX_NAME_LENGTH } from '../common/text.js';
import { GroupSummary } from '../conversations/group-summary.dto.js';
import { UserSummary } from '../users/users.dto.js';
import { ROLES, type Role } from './roles.js';

/** How many addresses one request may name. */
const MAX_ADDRESSES = 10_000;

/** A group to make. */
export class CreateGroup {
  /**
   * Name of the group.
   * @example 'Rowing on Sunday'
   */
  @IsText(MAX_NAME_LENGTH)
  name: string;

  /**
   * Addresses of the first members beside the creator: ids or `@username`; from an application also `ext:<externalId>`.
   * Whoever is named twice, and the creator, counts once.
   * @example ['@ben', '@cleo']
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_ADDRESSES)
  @IsString({ each: true })
  @MinLength(1, { each: true })
  @MaxLength(400, { each: true })
  @ApiProperty({ type: 'array', items: { type: 'string', minLength: 1, maxLength: 400 }, maxItems: MAX_ADDRESSES })
  members?: string[];
}

/** What to change in a group. */
export class UpdateGroup {
  /**
   * The new name.
   * @example 'Rowing on Saturday'
   */
  @IsText(MAX_NAME_LENGTH)
  name: string;
}

/** A group as one of its members sees it. */
export class Group extends GroupSummary {
  /**
   * The caller's role in it.
   * @example 'owner'
   */
  @ApiProperty({ enum: ROLES })
  role: Role;

  /**
   * When it was made.
   * @example '2026-11-23T09:41:07.123Z'
   */
  createdAt: Date;
}

/** A page of groups. */
export class GroupPage extends Page {
  /** The groups of this page. */
  items: Group[];
}

/** As what a user is to be in a group. */
export class PutMember {
  /**
   * The role: `owner` hands the group over. Left out, a new member is a plain one, and a member stays as they are.
   * @example 'admin'
   */
  @MayBeAbsent()
  @IsIn(ROLES)
  @ApiProperty({ enum: ROLES })
  role?: Role;
}

/** A user in a group. */
export class Member {
  /** Who it is. */
  user: UserSummary;

  /**
   * What they may do: the owner everything, admins add and remove members and rename the group.
   * @example 'member'
   */
  @ApiProperty({ enum: ROLES })
  role: Role;

  /**
   * When they joined; for who came back, when they came back.
   * @example '2026-11-23T09:41:07.123Z'
   */
  joinedAt: Date;
}

/** A page of members. */
export class MemberPage extends Page {
  /** The members of this page. */
  items: Member[];
}
