import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { DEFAULT_LIMIT, MAX_LIMIT } from '../common/paging.dto.js';
import { ToInteger } from '../common/transform.js';
import { Message } from './messages.dto.js';

/** Which stretch of a conversation to read. */
export class WindowQuery {
  /**
   * Read back from this number, newest first. With neither, from the end.
   * @example 43
   */
  @MayBeAbsent()
  @ToInteger()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 1 })
  beforeSeq?: number;

  /**
   * Read on after this number, oldest first.
   * @example 41
   */
  @MayBeAbsent()
  @ToInteger()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  afterSeq?: number;

  /**
   * How many messages to look at.
   * @example 50
   */
  @MayBeAbsent()
  @ToInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  limit?: number = DEFAULT_LIMIT;
}

/**
 * A stretch of one conversation: every message visible to the caller with afterSeq < seq <= toSeq is in `items`, and
 * nothing else. Blocks and joining make holes; a window says that they were looked at.
 */
export class MessageWindow {
  /** The messages: newest first going back, oldest first going on. */
  items: Message[];

  /**
   * The number after which the stretch begins.
   * @example 41
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  afterSeq: number;

  /**
   * The last number of the stretch.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  toSeq: number;

  /**
   * Whether there is more in the direction of reading.
   * @example false
   */
  more: boolean;
}
