import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { ToInteger } from './transform.js';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

/** The query of every list that comes in pages. */
export class PageQuery {
  /**
   * How many items a page holds at most.
   * @example 50
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @IsOptional()
  @ToInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number = DEFAULT_LIMIT;

  /**
   * `next` of the page before, unchanged. Leave it out for the first page.
   * @example 'WyJtMSIsIjAxOTNmMGU4Il0'
   */
  @IsOptional()
  @IsString()
  cursor?: string;
}

/** What every page has beside its `items`. */
export abstract class Page {
  /**
   * The cursor of the next page. Absent on the last page.
   * @example 'WyJtMSIsIjAxOTNmMGU4Il0'
   */
  next?: string;
}

/** All empty pages are alike, so they share one ETag. */
export const EMPTY_PAGE_ETAG = '"empty"';
