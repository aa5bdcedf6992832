import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsString, Max, Min } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { Page, PageQuery } from '../common/paging.dto.js';
import { ToBoolean, ToInteger } from '../common/transform.js';
import { Message } from '../messages/messages.dto.js';

/** Below the minute after which many proxies give up on an answer. */
const MAX_WAIT_SECONDS = 55;

/** A page of messages. */
export class MessagePage extends Page {
  /** The messages, in the order asked for. */
  items: Message[];
}

/** Which messages to list. All parts combine. */
export class ListMessages extends PageQuery {
  /**
   * Only what this user sent (an address).
   * @example '@ana'
   */
  @MayBeAbsent()
  @IsString()
  sender?: string;

  /**
   * Only what was sent to this user directly, or to this group (an address).
   * @example '@ben'
   */
  @MayBeAbsent()
  @IsString()
  recipient?: string;

  /**
   * Only this conversation: its id, or a user's address for the direct conversation with them.
   * @example '@ben'
   */
  @MayBeAbsent()
  @IsString()
  conversation?: string;

  /**
   * Only messages received that the caller has read or not; with `sender` the caller, or `recipient` another user, only messages sent that the others have read or not.
   * @example false
   */
  @MayBeAbsent()
  @ToBoolean()
  @IsBoolean()
  read?: boolean;

  /**
   * Which end to begin at.
   * @example 'newest'
   */
  @MayBeAbsent()
  @IsIn(['newest', 'oldest'])
  @ApiProperty({ enum: ['newest', 'oldest'], default: 'newest' })
  order?: 'newest' | 'oldest' = 'newest';

  /**
   * Hold an empty answer until something comes, for at most this many seconds.
   * @example 25
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0, maximum: MAX_WAIT_SECONDS, default: 0 })
  @MayBeAbsent()
  @ToInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  wait?: number = 0;
}
