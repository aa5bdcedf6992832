import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject } from 'class-validator';
import { ProblemDetails } from '../common/problem-details.dto.js';
import { Message, SendMessage } from './messages.dto.js';

/** The most messages of one batch. */
export const MAX_MESSAGES_PER_BATCH = 500;

/** Many messages to send at once. */
export class SendMessages {
  /** The messages, 1 to 500. Each is checked and answered by itself. */
  @ApiProperty({ type: [SendMessage], minItems: 1, maxItems: MAX_MESSAGES_PER_BATCH })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_MESSAGES_PER_BATCH)
  @IsObject({ each: true })
  messages: object[];
}

/** What became of one message of a batch. */
export class SendOutcome {
  /**
   * The status that a single send would have been answered with: 201 stored, 200 repeated, 4xx and 5xx refused.
   * @example 201
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  status: number;

  /** The message, where it is stored. */
  message?: Message;

  /** Why it was refused, where it was. */
  problem?: ProblemDetails;
}

/** What became of each message of a batch. */
export class SendResults {
  /** One outcome per message, in their order. */
  results: SendOutcome[];
}
