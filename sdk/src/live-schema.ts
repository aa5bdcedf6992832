// Generated from asyncapi.json by `npm run generate`. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    AuthFrame: {
      /**
       * @description Kind of frame.
       * @example auth
       * @enum {string}
       */
      type: 'auth';
      /**
       * @description An access token of the same user.
       * @example eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkzIn0.c2ln
       */
      token: string;
    };
    BlocksFrame: {
      /**
       * @description Kind of frame.
       * @example blocks
       * @enum {string}
       */
      type: 'blocks';
      /**
       * Format: int64
       * @description Counts the user's blocks and unblocks.
       * @example 4
       */
      blocksVersion: number;
    };
    Conversation: {
      /**
       * Format: uuid
       * @description Id of the conversation. A group's is the group's id; a direct one's is opaque.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      id: string;
      /**
       * @description Whether it is between two users or in a group.
       * @example direct
       * @enum {string}
       */
      kind: 'direct' | 'group';
      /**
       * Format: int64
       * @description The number of the newest message, seen by the caller or not; 0 where there is none.
       * @example 42
       */
      lastSeq: number;
      /**
       * Format: int64
       * @description The caller reads from the message after this one. Another value than before means another membership.
       * @example 0
       */
      joinedSeq: number;
      /**
       * Format: int64
       * @description What the caller has read, up to this number.
       * @example 40
       */
      readSeq: number;
      /**
       * Format: int64
       * @description What the caller has received, up to this number.
       * @example 42
       */
      deliveredSeq: number;
      /**
       * Format: int64
       * @description How many messages the caller has not read, counted among the first 1,000 after readSeq.
       * @example 2
       */
      unread: number;
      /**
       * Format: int64
       * @description What the other user of a direct conversation has read. Absent where one of the two has blocked the other.
       * @example 41
       */
      peerReadSeq?: number;
      /**
       * Format: int64
       * @description What the other user of a direct conversation has received. Absent where one of the two has blocked the other.
       * @example 42
       */
      peerDeliveredSeq?: number;
      /** @description The other user of a direct conversation (oneself, in one's own). */
      user?: components['schemas']['UserSummary'];
      /** @description The group. */
      group?: components['schemas']['GroupSummary'];
      /** @description The newest message that the caller sees, looked for among the newest 100. */
      lastMessage?: components['schemas']['Message'];
    };
    ConversationFrame: {
      /**
       * @description Kind of frame.
       * @example conversation
       * @enum {string}
       */
      type: 'conversation';
      /**
       * Format: uuid
       * @description The conversation.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      conversationId: string;
      /**
       * @description What has changed.
       * @example joined
       * @enum {string}
       */
      change: 'joined' | 'left' | 'renamed' | 'role' | 'deleted';
      /** @description The member who joined, left or has another role. */
      user?: components['schemas']['UserSummary'];
      /** @description The head, if it is new or changed for the receiver; in groups of more than 100 members only for the user who joined. */
      conversation?: components['schemas']['Conversation'];
    };
    FieldProblem: {
      /**
       * @description Path of the field.
       * @example messages.3.text
       */
      field: string;
      /**
       * @description What is wrong with it, in English.
       * @example must not be empty or only white space
       */
      message: string;
    };
    GroupSummary: {
      /**
       * Format: uuid
       * @description Id of the group, which is also its conversation's.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      id: string;
      /**
       * Format: int64
       * @description How many members it has.
       * @example 12
       */
      memberCount: number;
      /**
       * @description Name of the group.
       * @example Rowing on Sunday
       */
      name: string;
    };
    MarkFrame: {
      /**
       * @description Kind of frame.
       * @example read
       * @enum {string}
       */
      type: 'read' | 'delivered';
      /**
       * @description Id of the message.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f.42
       */
      messageId: string;
    };
    Message: {
      /**
       * Format: uuid
       * @description Conversation it belongs to.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      conversationId: string;
      /**
       * Format: int64
       * @description Its number in the conversation: 1, 2, 3, … without gaps.
       * @example 42
       */
      seq: number;
      /**
       * @description The text, as it was sent.
       * @example See you at eight
       */
      text: string;
      /**
       * Format: uuid
       * @description The id its sender gave it. Shown to the sender only.
       * @example 6f1d9a52-3d0c-4f0e-9a75-1f2e3d4c5b6a
       */
      clientMessageId?: string;
      /**
       * @description Id of the message: its conversation's id, a dot, its number.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f.42
       */
      id: string;
      /** @description Who sent it. */
      sender: components['schemas']['UserSummary'];
      /** @description To whom it was sent. */
      recipient: components['schemas']['Recipient'];
      /**
       * Format: date-time
       * @description When it was stored. Never goes back within a conversation.
       * @example 2026-03-01T09:30:00.125Z
       */
      sentAt: string;
      /**
       * @description Of a message received: whether the caller has read it. Of one the caller sent: whether every other member who was there before it has.
       * @example false
       */
      read: boolean;
    };
    MessageFrame: {
      /**
       * @description Kind of frame.
       * @example message
       * @enum {string}
       */
      type: 'message';
      /**
       * Format: int64
       * @description No message that the user may see lies between this number and the message.
       * @example 41
       */
      afterSeq: number;
      /** @description The message. */
      message: components['schemas']['Message'];
    };
    PingFrame: {
      /**
       * @description Kind of frame.
       * @example ping
       * @enum {string}
       */
      type: 'ping';
    };
    PongFrame: {
      /**
       * @description Kind of frame.
       * @example pong
       * @enum {string}
       */
      type: 'pong';
    };
    Position: {
      /**
       * Format: int64
       * @description The last number it has looked at.
       * @example 42
       */
      seq: number;
      /**
       * Format: int64
       * @description The conversation's joinedSeq when it did.
       * @example 0
       */
      joinedSeq: number;
    };
    ProblemDetails: {
      /**
       * Format: int64
       * @description The HTTP status.
       * @example 403
       */
      status: number;
      /**
       * @description Names the kind of problem, as `code` does.
       * @example urn:parley:problem:recipient-blocked-you
       */
      type: string;
      /**
       * @description What this kind of problem means, in English.
       * @example The recipient has blocked the sender.
       */
      title: string;
      /**
       * @description The kind of problem, stable.
       * @example recipient-blocked-you
       */
      code: string;
      /**
       * @description What went wrong this time, in English.
       * @example The recipient has blocked the sender.
       */
      detail: string;
      /**
       * @description The request's `X-Request-Id`, under which the server's log has it. Absent where the problem is not an answer of its own.
       * @example 0b7c3f4e-5a0f-4c68-9d8f-0f8f2f0f7a11
       */
      requestId?: string;
      /** @description The refused fields; only with the code `invalid`. */
      errors?: components['schemas']['FieldProblem'][];
    };
    ProblemFrame: {
      /**
       * @description Kind of frame.
       * @example problem
       * @enum {string}
       */
      type: 'problem';
      /** @description Why the frame was refused. */
      problem: components['schemas']['ProblemDetails'];
    };
    ReadyFrame: {
      /**
       * @description Kind of frame.
       * @example ready
       * @enum {string}
       */
      type: 'ready';
      /**
       * Format: uuid
       * @description The user of the socket.
       * @example 0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c
       */
      userId: string;
      /**
       * Format: int64
       * @description Counts the user's blocks and unblocks.
       * @example 3
       */
      blocksVersion: number;
    };
    ReceiptFrame: {
      /**
       * @description Kind of frame.
       * @example receipt
       * @enum {string}
       */
      type: 'receipt';
      /**
       * Format: uuid
       * @description The conversation.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      conversationId: string;
      /**
       * Format: uuid
       * @description The member.
       * @example 0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c
       */
      userId: string;
      /**
       * Format: int64
       * @description The member has received the messages up to this number.
       * @example 42
       */
      deliveredSeq: number;
      /**
       * Format: int64
       * @description The member has read the messages up to this number.
       * @example 41
       */
      readSeq: number;
    };
    Recipient: {
      /**
       * @description Whether the id is a user's or a group's.
       * @example user
       * @enum {string}
       */
      kind: 'user' | 'group';
      /**
       * Format: uuid
       * @description Id of the user or group.
       * @example 0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c
       */
      id: string;
    };
    ReplyFrame: {
      /**
       * @description Kind of frame.
       * @example reply
       * @enum {string}
       */
      type: 'reply';
      /**
       * Format: int64
       * @description As POST /v1/messages answers: 201 stored, 200 stored before, 4xx and 5xx refused.
       * @example 201
       */
      status: number;
      /**
       * @description The mark of the `send`.
       * @example 17
       */
      ref: string;
      /** @description The message, if it is stored. */
      message?: components['schemas']['Message'];
      /** @description Why it was refused, if it was. */
      problem?: components['schemas']['ProblemDetails'];
    };
    ResumeFrame: {
      /**
       * @description Kind of frame.
       * @example resume
       * @enum {string}
       */
      type: 'resume';
      /**
       * @description What the client has looked at, by conversation id.
       * @example {
       *       "0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f": {
       *         "seq": 42,
       *         "joinedSeq": 0
       *       }
       *     }
       */
      positions?: {
        [key: string]: components['schemas']['Position'];
      };
      /**
       * Format: int64
       * @description The blocksVersion of the client's group messages. If it is not the current one, positions of groups count as absent.
       * @example 3
       */
      blocksVersion?: number;
      /**
       * @description False: a conversation without a position starts at its end, instead of after the delivered messages.
       * @example false
       */
      backlog?: boolean;
    };
    SendFrame: {
      /**
       * @description What to say: 1 to 160 characters (Unicode code points), not only white space. Stored as sent.
       * @example See you at eight
       */
      text: string;
      /**
       * @description Kind of frame.
       * @example send
       * @enum {string}
       */
      type: 'send';
      /**
       * @description The client's own mark, which the reply repeats.
       * @example 17
       */
      ref: string;
      /**
       * @description To whom: a user's id or `@username`, or a group's id. An application may also say `ext:` and its own id for a user.
       * @example @ben
       */
      recipient: string;
      /**
       * Format: uuid
       * @description A UUID of your own for this message. Sending it again with the same one stores nothing and answers the first.
       * @example 6f1d9a52-3d0c-4f0e-9a75-1f2e3d4c5b6a
       */
      clientMessageId?: string;
    };
    TypingFrame: {
      /**
       * @description Kind of frame.
       * @example typing
       * @enum {string}
       */
      type: 'typing';
      /**
       * Format: uuid
       * @description The conversation.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      conversationId: string;
    };
    TypingNoticeFrame: {
      /**
       * @description Kind of frame.
       * @example typing
       * @enum {string}
       */
      type: 'typing';
      /**
       * Format: uuid
       * @description The conversation.
       * @example 0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f
       */
      conversationId: string;
      /**
       * Format: uuid
       * @description The member who is typing.
       * @example 0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c
       */
      userId: string;
    };
    UserSummary: {
      /**
       * Format: uuid
       * @description The user's id.
       * @example 0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f
       */
      id: string;
      /**
       * @description Unique, in lower case. Absent where the user has none.
       * @example ana
       */
      username?: string;
      /**
       * @description The name to show: free, and not unique.
       * @example Ana Marić
       */
      displayName: string;
      /**
       * @description Whether the account was removed. What a removed user sent stays, from "Deleted user".
       * @example false
       */
      deleted: boolean;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

/** What a client may say. */
export type ClientFrame =
  | components['schemas']['ResumeFrame']
  | components['schemas']['SendFrame']
  | components['schemas']['MarkFrame']
  | components['schemas']['TypingFrame']
  | components['schemas']['AuthFrame']
  | components['schemas']['PingFrame'];

/** What the server tells. */
export type ServerFrame =
  | components['schemas']['MessageFrame']
  | components['schemas']['ReadyFrame']
  | components['schemas']['ReceiptFrame']
  | components['schemas']['ConversationFrame']
  | components['schemas']['BlocksFrame']
  | components['schemas']['TypingNoticeFrame']
  | components['schemas']['ReplyFrame']
  | components['schemas']['ProblemFrame']
  | components['schemas']['PongFrame'];
