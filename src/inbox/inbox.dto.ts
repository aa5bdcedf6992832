import { ApiProperty } from '@nestjs/swagger';
import { Page } from '../common/paging.dto.js';
import { GroupSummary } from '../conversations/group-summary.dto.js';
import { Message } from '../messages/messages.dto.js';
import { UserSummary } from '../users/users.dto.js';

/** The head of a conversation, as the caller sees it. */
export class Conversation {
  /**
   * Id of the conversation. A group's is the group's id; a direct one's is opaque.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Whether it is between two users or in a group.
   * @example 'direct'
   */
  @ApiProperty({ enum: ['direct', 'group'] })
  kind: 'direct' | 'group';

  /** The other user of a direct conversation (oneself, in one's own). */
  user?: UserSummary;

  /** The group. */
  group?: GroupSummary;

  /** The newest message that the caller sees, looked for among the newest 100. */
  lastMessage?: Message;

  /**
   * The number of the newest message, seen by the caller or not; 0 where there is none.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  lastSeq: number;

  /**
   * The caller reads from the message after this one. Another value than before means another membership.
   * @example 0
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  joinedSeq: number;

  /**
   * What the caller has read, up to this number.
   * @example 40
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  readSeq: number;

  /**
   * What the caller has received, up to this number.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  deliveredSeq: number;

  /**
   * How many messages the caller has not read, counted among the first 1,000 after readSeq.
   * @example 2
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  unread: number;

  /**
   * What the other user of a direct conversation has read. Absent where one of the two has blocked the other.
   * @example 41
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  peerReadSeq?: number;

  /**
   * What the other user of a direct conversation has received. Absent where one of the two has blocked the other.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  peerDeliveredSeq?: number;
}

/** A page of conversations. */
export class ConversationPage extends Page {
  /** The conversations, the one with the newest message first. */
  items: Conversation[];
}
