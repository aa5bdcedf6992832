import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsString, IsUUID, Max, MaxLength, Min } from 'class-validator';
import { MayBeAbsent } from '../common/absent.js';
import { ProblemDetails } from '../common/problem-details.dto.js';
import { Conversation } from '../inbox/inbox.dto.js';
import { IsPositions, Position, type Positions } from '../inbox/sync.dto.js';
import { Message, SendMessage } from '../messages/messages.dto.js';
import { UserSummary } from '../users/users.dto.js';

// ---- what a client sends ----

/** Begins following: the first frame that is not `auth` or `ping`, and once. */
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
   * The blocksVersion under which the client holds its group messages. Where another one holds, they count as absent.
   * @example 3
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  blocksVersion?: number;

  /**
   * False: conversations without a position begin at their end, instead of at what was not delivered yet.
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
   * The client's own mark, which the reply bears.
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

/** Says that the user is typing. Goes out in conversations of at most 100 members. */
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

/** A message in its place. Apply it only where afterSeq is not beyond what one has; skip what one has. */
export class MessageFrame {
  /**
   * Kind of frame.
   * @example 'message'
   */
  @ApiProperty({ enum: ['message'] })
  type: 'message';

  /**
   * Nothing that the user may see lies between this number and the message.
   * @example 41
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  afterSeq: number;

  /** The message. */
  message: Message;
}

/** The backlog is through, and what follows is live. Sent again after a disturbance: load the conversations' heads anew. */
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

/** How far a member has come: another one, or oneself on another device. */
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
   * What has reached them, up to this number.
   * @example 42
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  deliveredSeq: number;

  /**
   * What they have read, up to this number.
   * @example 41
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  readSeq: number;
}

/** A conversation has changed. `joined` for oneself means: drop what you hold of it, begin at its joinedSeq; `left`: drop it. */
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
   * What has happened.
   * @example 'joined'
   */
  @ApiProperty({ enum: ['joined', 'left', 'renamed', 'role', 'deleted'] })
  change: 'joined' | 'left' | 'renamed' | 'role' | 'deleted';

  /** Who joined, left or has another role. */
  user?: UserSummary;

  /** The head, where it is new or changed for the receiver; in groups of more than 100 members only to who joined. */
  conversation?: Conversation;
}

/** The user has blocked or unblocked someone, here or elsewhere: drop the group messages, and connect again without the groups' positions. */
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
   * Who is typing.
   * @example '0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c'
   */
  @ApiProperty({ format: 'uuid' })
  userId: string;
}

/** What became of a `send`. Moves no position: the message itself comes in its place. */
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
   * As of POST /v1/messages: 201 stored, 200 repeated, 4xx and 5xx refused.
   * @example 201
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  status: number;

  /** The message, where it is stored. */
  message?: Message;

  /** Why it was refused, where it was. */
  problem?: ProblemDetails;
}

/** A frame was refused. Ten in a row close the socket with 1008. */
export class ProblemFrame {
  /**
   * Kind of frame.
   * @example 'problem'
   */
  @ApiProperty({ enum: ['problem'] })
  type: 'problem';

  /** Why. */
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

/** By their `type`: what a client may send. */
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

/** By their `type`: what the server sends. */
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
