import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsInt, IsString, Max, Min, ValidateBy } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { isUuid } from '../common/ids.js';
import { DEFAULT_LIMIT, MAX_LIMIT, Page } from '../common/paging.dto.js';
import { MessageWindow } from '../messages/windows.dto.js';
import { Conversation } from './inbox.dto.js';

/** What a client has looked at in one conversation, in which membership. */
export class Position {
  /**
   * The last number it has looked at.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
  seq: number;

  /**
   * The conversation's joinedSeq when it did.
   * @example 0
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
  joinedSeq: number;
}

/** Positions by conversation id. */
export type Positions = Readonly<Record<string, Position>>;

const isPlace = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** What is wrong with a map of positions, or undefined. */
export function positionsFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  for (const [id, position] of Object.entries(value as Record<string, unknown>)) {
    if (!isUuid(id)) return `has a key that is not a conversation id: ${id.slice(0, 40)}`;
    if (typeof position !== 'object' || position === null) return `must have a position at ${id}`;
    const { seq, joinedSeq, ...more } = position as Record<string, unknown>;
    if (!isPlace(seq) || !isPlace(joinedSeq) || Object.keys(more).length > 0) {
      return `must have {seq, joinedSeq}, whole numbers from 0, at ${id}`;
    }
  }
  return undefined;
}

/** A map of positions by conversation id. */
export const IsPositions = (): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'isPositions',
      validator: {
        validate: (value: unknown) => positionsFault(value) === undefined,
        defaultMessage: (args) => positionsFault(args?.value) ?? '',
      },
    }),
  );

/** JSON Schema knows it since 2019-09; the type of ApiProperty does not. */
const BY_ID = { propertyNames: { format: 'uuid' } };

/** Where a client is. */
@ApiExtraModels(Position)
export class SyncRequest {
  /**
   * What the client has looked at, by conversation id. Nothing, the first time.
   * @example { '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f': { 'seq': 42, 'joinedSeq': 0 } }
   */
  @ApiProperty({ type: 'object', ...BY_ID, additionalProperties: { $ref: getSchemaPath(Position) } })
  @MayBeAbsent()
  @IsPositions()
  positions?: Positions;

  /**
   * The blocksVersion of the last sync that was carried through. Where another one holds, the client drops its group messages first, and their positions count as absent.
   * @example 3
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  blocksVersion?: number;

  /**
   * How many conversations to answer at most.
   * @example 50
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number = DEFAULT_LIMIT;

  /**
   * `next` of the answer before, with the same positions and blocksVersion.
   * @example 'WyJzMSIsIjAxOTNmMGU4Il0'
   */
  @MayBeAbsent()
  @IsString()
  cursor?: string;
}

/** A conversation that is ahead of the client. */
export class SyncedConversation {
  /** Its head. */
  conversation: Conversation;

  /** What follows the client's position, up to 50 messages; where there is `more`, read on with `afterSeq`. */
  messages: MessageWindow;
}

/** What is ahead of a client: one answer is one snapshot. */
export class SyncPage extends Page {
  /** Conversations that have moved, are new to the client, or were joined anew, in the order of their ids. */
  conversations: SyncedConversation[];

  /**
   * Positions of conversations the caller is not in, for the client to drop. In the first answer only.
   * @example ['0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c']
   */
  @ApiProperty({ type: [String], format: 'uuid' })
  gone: string[];

  /**
   * Counts the caller's blocks and unblocks.
   * @example 3
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  blocksVersion: number;
}
