import { ApiProperty } from '@nestjs/swagger';
import { IsString, IsUUID, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { Page } from '../common/paging.dto.js';
import { IsText, MAX_MESSAGE_LENGTH } from '../common/text.js';
import { UserSummary } from '../users/users.dto.js';

/** To whom a message was sent. */
export class Recipient {
  /**
   * Whether the id is a user's or a group's.
   * @example 'user'
   */
  @ApiProperty({ enum: ['user', 'group'] })
  kind: 'user' | 'group';

  /**
   * Id of the user or group.
   * @example '0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;
}

/** A message as the caller sees it. */
export class Message {
  /**
   * Id of the message: its conversation's id, a dot, its number.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f.42'
   */
  id: string;

  /**
   * Conversation it belongs to.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @ApiProperty({ format: 'uuid' })
  conversationId: string;

  /**
   * Its number in the conversation: 1, 2, 3, … without gaps.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  seq: number;

  /** Who sent it. */
  sender: UserSummary;

  /** To whom it was sent. */
  recipient: Recipient;

  /**
   * The text, as it was sent.
   * @example 'See you at eight'
   */
  @ApiProperty({ minLength: 1, maxLength: MAX_MESSAGE_LENGTH })
  text: string;

  /**
   * When it was stored. Never goes back within a conversation.
   * @example '2026-03-01T09:30:00.125Z'
   */
  sentAt: Date;

  /**
   * Of a message received: whether the caller has read it. Of one the caller sent: whether every other member who was there before it has.
   * @example false
   */
  read: boolean;

  /**
   * The id its sender gave it. Shown to the sender only.
   * @example '6f1d9a52-3d0c-4f0e-9a75-1f2e3d4c5b6a'
   */
  @ApiProperty({ format: 'uuid' })
  clientMessageId?: string;
}

/** A message to send. */
export class SendMessage {
  /**
   * To whom: a user's id or `@username`, or a group's id. An application may also say `ext:` and its own id for a user.
   * @example '@ben'
   */
  @IsString()
  @MaxLength(140)
  recipient: string;

  /**
   * What to say: 1 to 160 characters (Unicode code points), not only white space. Stored as sent.
   * @example 'See you at eight'
   */
  @IsText(MAX_MESSAGE_LENGTH)
  text: string;

  /**
   * A UUID of your own for this message. Sending it again with the same one stores nothing and answers the first.
   * @example '6f1d9a52-3d0c-4f0e-9a75-1f2e3d4c5b6a'
   */
  @MayBeAbsent()
  @IsUUID()
  clientMessageId?: string;
}

/** How far one other member has come with a message. */
export class Receipt {
  /** Whose receipt it is. */
  user: UserSummary;

  /**
   * Whether it has reached one of their devices.
   * @example true
   */
  delivered: boolean;

  /**
   * Whether they have read it.
   * @example false
   */
  read: boolean;
}

/** A page of receipts. */
export class ReceiptPage extends Page {
  /** The receipts, in the order of the users' ids. */
  items: Receipt[];
}
