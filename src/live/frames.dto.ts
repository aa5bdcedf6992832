import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsString, IsUUID, Max, MaxLength, Min } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { ProblemDetails } from '../common/problem-details.dto.js';
import { Conversation } from '../inbox/inbox.dto.js';
import { IsPositions, Position, type Positions } from '../inbox/sync.dto.js';
import { Message, SendMessage } from '../messages/messages.dto.js';
import { UserSummary } from '../users/users.dto.js';

// ---- what a client sends ----

/** Starts to receive. Sent once, and before every frame other than `auth` and `ping`. */
@ApiExtraModels(Position)
export class ResumeFrame {
  /**
   * Kind of frame.
   * @example 'resume'
   */
  @IsIn(['resume'])
  @ApiProperty({ enum: ['resume'] })
  type: 'resume';

  /**
   * What the client has looked at, by conversation id.
   * @example { '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f': { 'seq': 42, 'joinedSeq': 0 } }
   */
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(Position) } })
  @MayBeAbsent()
  @IsPositions()
  positions?: Positions;

  /**
   * The blocksVersion of the client's group messages. If it is not the current one, positions of groups count as absent.
   * @example 3
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  blocksVersion?: number;

  /**
   * False: a conversation without a position starts at its end, instead of after the delivered messages.
   * @example false
   */
  @MayBeAbsent()
  @IsBoolean()
  backlog?: boolean;
}

/** Sends a message, as POST /v1/messages does. */
export class SendFrame extends SendMessage {
  /**
   * Kind of frame.
   * @example 'send'
   */
  @IsIn(['send'])
  @ApiProperty({ enum: ['send'] })
  type: 'send';

  /**
   * The client's own mark, which the reply repeats.
   * @example '17'
   */
  @IsString()
  @MaxLength(64)
  ref: string;
}

/** Marks a message, and everything before it in its conversation, as read or as received. */
export class MarkFrame {
  /**
   * Kind of frame.
   * @example 'read'
   */
  @IsIn(['read', 'delivered'])
  @ApiProperty({ enum: ['read', 'delivered'] })
  type: 'read' | 'delivered';

  /**
   * Id of the message.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f.42'
   */
  @IsString()
  @MaxLength(60)
  messageId: string;
}

/** Tells the other members that the user is typing, in conversations of at most 100 members. */
export class TypingFrame {
  /**
   * Kind of frame.
   * @example 'typing'
   */
  @IsIn(['typing'])
  @ApiProperty({ enum: ['typing'] })
  type: 'typing';

  /**
   * The conversation.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @IsUUID()
  conversationId: string;
}

/** Renews the authentication of the socket, which then belongs to the new token's session. */
export class AuthFrame {
  /**
   * Kind of frame.
   * @example 'auth'
   */
  @IsIn(['auth'])
  @ApiProperty({ enum: ['auth'] })
  type: 'auth';

  /**
   * An access token of the same user.
   * @example 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkzIn0.c2ln'
   */
  @IsString()
  @MaxLength(4096)
  token: string;
}

/** Asks for a pong. */
export class PingFrame {
  /**
   * Kind of frame.
   * @example 'ping'
   */
  @IsIn(['ping'])
  @ApiProperty({ enum: ['ping'] })
  type: 'ping';
}

// ---- what the server sends ----

/** A message, in the order of its conversation. Apply it only if afterSeq is at most the client's seq; drop it if the client has it. */
export class MessageFrame {
  /**
   * Kind of frame.
   * @example 'message'
   */
  @ApiProperty({ enum: ['message'] })
  type: 'message';

  /**
   * No message that the user may see lies between this number and the message.
   * @example 41
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  afterSeq: number;

  /** The message. */
  message: Message;
}

/** The backlog is complete, and what follows is live. Sent again when the server may have missed receipts or changes: load the conversations' heads again. */
export class ReadyFrame {
  /**
   * Kind of frame.
   * @example 'ready'
   */
  @ApiProperty({ enum: ['ready'] })
  type: 'ready';

  /**
   * The user of the socket.
   * @example '0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c'
   */
  @ApiProperty({ format: 'uuid' })
  userId: string;

  /**
   * Counts the user's blocks and unblocks.
   * @example 3
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  blocksVersion: number;
}

/** How far a member has received and read: another member, or the user on another device. */
export class ReceiptFrame {
  /**
   * Kind of frame.
   * @example 'receipt'
   */
  @ApiProperty({ enum: ['receipt'] })
  type: 'receipt';

  /**
   * The conversation.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @ApiProperty({ format: 'uuid' })
  conversationId: string;

  /**
   * The member.
   * @example '0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c'
   */
  @ApiProperty({ format: 'uuid' })
  userId: string;

  /**
   * The member has received the messages up to this number.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  deliveredSeq: number;

  /**
   * The member has read the messages up to this number.
   * @example 41
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  readSeq: number;
}

/** A conversation has changed. `joined` with the caller as `user`: drop what you hold of it, and start at its joinedSeq; `left`: drop it. */
export class ConversationFrame {
  /**
   * Kind of frame.
   * @example 'conversation'
   */
  @ApiProperty({ enum: ['conversation'] })
  type: 'conversation';

  /**
   * The conversation.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @ApiProperty({ format: 'uuid' })
  conversationId: string;

  /**
   * What has changed.
   * @example 'joined'
   */
  @ApiProperty({ enum: ['joined', 'left', 'renamed', 'role', 'deleted'] })
  change: 'joined' | 'left' | 'renamed' | 'role' | 'deleted';

  /** The member who joined, left or has another role. */
  user?: UserSummary;

  /** The head, if it is new or changed for the receiver; in groups of more than 100 members only for the user who joined. */
  conversation?: Conversation;
}

/** The user has blocked or unblocked somebody, on this device or another: drop the group messages, and connect again without the groups' positions. */
export class BlocksFrame {
  /**
   * Kind of frame.
   * @example 'blocks'
   */
  @ApiProperty({ enum: ['blocks'] })
  type: 'blocks';

  /**
   * Counts the user's blocks and unblocks.
   * @example 4
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  blocksVersion: number;
}

/** Somebody is typing. Forget it after some seconds. */
export class TypingNoticeFrame {
  /**
   * Kind of frame.
   * @example 'typing'
   */
  @ApiProperty({ enum: ['typing'] })
  type: 'typing';

  /**
   * The conversation.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @ApiProperty({ format: 'uuid' })
  conversationId: string;

  /**
   * The member who is typing.
   * @example '0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c'
   */
  @ApiProperty({ format: 'uuid' })
  userId: string;
}

/** The result of a `send`. It moves no position: the message itself follows in the order of its conversation. */
export class ReplyFrame {
  /**
   * Kind of frame.
   * @example 'reply'
   */
  @ApiProperty({ enum: ['reply'] })
  type: 'reply';

  /**
   * The mark of the `send`.
   * @example '17'
   */
  ref: string;

  /**
   * As POST /v1/messages answers: 201 stored, 200 stored before, 4xx and 5xx refused.
   * @example 201
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  status: number;

  /** The message, if it is stored. */
  message?: Message;

  /** Why it was refused, if it was. */
  problem?: ProblemDetails;
}

/** The server refused a frame. Ten invalid frames in a row close the socket with 1008. */
export class ProblemFrame {
  /**
   * Kind of frame.
   * @example 'problem'
   */
  @ApiProperty({ enum: ['problem'] })
  type: 'problem';

  /** Why the frame was refused. */
  problem: ProblemDetails;
}

/** The answer to a ping. */
export class PongFrame {
  /**
   * Kind of frame.
   * @example 'pong'
   */
  @ApiProperty({ enum: ['pong'] })
  type: 'pong';
}

/** The frames of the client by their `type`. */
export const CLIENT_FRAMES = {
  resume: ResumeFrame,
  send: SendFrame,
  read: MarkFrame,
  delivered: MarkFrame,
  typing: TypingFrame,
  auth: AuthFrame,
  ping: PingFrame,
} as const;

export type ClientFrame = ResumeFrame | SendFrame | MarkFrame | TypingFrame | AuthFrame | PingFrame;

/** The frames of the server by their `type`. */
export const SERVER_FRAMES = {
  message: MessageFrame,
  ready: ReadyFrame,
  receipt: ReceiptFrame,
  conversation: ConversationFrame,
  blocks: BlocksFrame,
  typing: TypingNoticeFrame,
  reply: ReplyFrame,
  problem: ProblemFrame,
  pong: PongFrame,
} as const;

export type ServerFrame =
  | MessageFrame
  | ReadyFrame
  | ReceiptFrame
  | ConversationFrame
  | BlocksFrame
  | TypingNoticeFrame
  | ReplyFrame
  | ProblemFrame
  | PongFrame;
