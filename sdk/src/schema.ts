// Generated from openapi.json by `npm run generate`. Do not edit.

export interface paths {
  '/v1/conversations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the caller's conversations, the one with the newest message first. */
    get: operations['listConversations'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/conversations/{conversation}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get one conversation. */
    get: operations['getConversation'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List what the caller sent or received, over all conversations. */
    get: operations['listMessages'];
    put?: never;
    /** Send a message to a user or a group. */
    post: operations['sendMessage'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/sync': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Catch up: what is ahead of the client's positions, over all conversations. */
    post: operations['sync'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages/batch': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Send up to 500 messages at once: one outcome per message, in order. */
    post: operations['sendMessages'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get one message. */
    get: operations['getMessage'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages/{id}/read': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Mark a message, and everything before it in its conversation, as read. */
    post: operations['markRead'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages/{id}/delivered': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Mark a message, and everything before it in its conversation, as received. */
    post: operations['markDelivered'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages/{id}/receipts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** See who has received and read a message that the caller sent. */
    get: operations['listReceipts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/conversations/{conversation}/messages': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Read a stretch of one conversation: back from its end, or on from what one has. */
    get: operations['listConversationMessages'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/groups': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the groups you are in, newest first. */
    get: operations['listGroups'];
    put?: never;
    /** Create a group, which you then own. */
    post: operations['createGroup'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/groups/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Show a group you are in. */
    get: operations['getGroup'];
    put?: never;
    post?: never;
    /** Delete a group with everything written in it: its owner may. */
    delete: operations['removeGroup'];
    options?: never;
    head?: never;
    /** Rename a group: its owner and admins may. */
    patch: operations['updateGroup'];
    trace?: never;
  };
  '/v1/groups/{id}/members': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the members of a group you are in, longest-standing first. */
    get: operations['listMembers'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/groups/{id}/members/{address}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /** Add a user to a group, or change a member's role: its owner may, and admins add plain members. */
    put: operations['putMember'];
    post?: never;
    /** Remove a member from a group, or leave it: yourself anyone may, plain members owner and admins, others the owner. */
    delete: operations['removeMember'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/blocks': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List whom you have blocked, newest first. */
    get: operations['listBlocks'];
    put?: never;
    /** Block a user: they can no longer write to you, and what they write in groups is hidden from you. */
    post: operations['addBlock'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/blocks/{address}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Ask whether a user may write to you, and you to them. */
    get: operations['getBlock'];
    put?: never;
    post?: never;
    /** Unblock a user: what they wrote in groups meanwhile becomes visible. */
    delete: operations['removeBlock'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/users': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Find users by the beginning of a username or display name. */
    get: operations['listUsers'];
    put?: never;
    /** Register, with username and password; or, as an application, create a user with any names or none. */
    post: operations['createUser'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/users/me': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Show yourself. */
    get: operations['getMe'];
    put?: never;
    post?: never;
    /** Remove your account. What you sent stays, from "Deleted user". */
    delete: operations['removeMe'];
    options?: never;
    head?: never;
    /** Rename yourself. */
    patch: operations['updateMe'];
    trace?: never;
  };
  '/v1/users/{address}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Show a user. A removed one is shown by id: deleted, and without names. */
    get: operations['getUser'];
    /** Create or rename the user that your application knows by its own id: the address is `ext:` and that id. */
    put: operations['putUser'];
    post?: never;
    /** Remove a user. What they sent stays, from "Deleted user". */
    delete: operations['removeUser'];
    options?: never;
    head?: never;
    /** Rename a user. */
    patch: operations['updateUser'];
    trace?: never;
  };
  '/v1/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List your sessions, newest first. */
    get: operations['listSessions'];
    put?: never;
    /** Log in. */
    post: operations['createSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/sessions/refresh': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Get new tokens. A lost answer may be asked for again; an older refresh token ends the session. */
    post: operations['refreshSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** End a session, by its id or `current`: log out. */
    delete: operations['endSession'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/users/{address}/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Give one of your users a session: its tokens are for their front end. */
    post: operations['createUserSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/api-keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the keys of applications, newest first; never the keys themselves. */
    get: operations['listApiKeys'];
    put?: never;
    /** Make a key. The answer alone shows it. */
    post: operations['createApiKey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/api-keys/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Revoke a key: it is refused from now on. */
    delete: operations['revokeApiKey'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/users/me/password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /** Change your password. Your other sessions end. */
    put: operations['changePassword'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/health/live': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the process answers: where it does not, start it anew. */
    get: operations['checkLive'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/health/ready': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the server can do its work, the database included: where it cannot, send it no requests. */
    get: operations['checkReady'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
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
    ConversationPage: {
      /** @description The conversations, the one with the newest message first. */
      items: components['schemas']['Conversation'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    MessagePage: {
      /** @description The messages, in the order asked for. */
      items: components['schemas']['Message'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
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
    SyncRequest: {
      /**
       * @description What the client has looked at, by conversation id. Nothing, the first time.
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
       * @description The blocksVersion of the last sync that was carried through. Where another one holds, the client drops its group messages first, and their positions count as absent.
       * @example 3
       */
      blocksVersion?: number;
      /**
       * Format: int64
       * @description How many conversations to answer at most.
       * @default 50
       * @example 50
       */
      limit?: number;
      /**
       * @description `next` of the answer before, with the same positions and blocksVersion.
       * @example WyJzMSIsIjAxOTNmMGU4Il0
       */
      cursor?: string;
    };
    MessageWindow: {
      /**
       * Format: int64
       * @description The number after which the stretch begins.
       * @example 41
       */
      afterSeq: number;
      /**
       * Format: int64
       * @description The last number of the stretch.
       * @example 42
       */
      toSeq: number;
      /** @description The messages: newest first going back, oldest first going on. */
      items: components['schemas']['Message'][];
      /**
       * @description Whether there is more in the direction of reading.
       * @example false
       */
      more: boolean;
    };
    SyncedConversation: {
      /** @description Its head. */
      conversation: components['schemas']['Conversation'];
      /** @description What follows the client's position, up to 50 messages; where there is `more`, read on with `afterSeq`. */
      messages: components['schemas']['MessageWindow'];
    };
    SyncPage: {
      /**
       * @description Positions of conversations the caller is not in, for the client to drop. In the first answer only.
       * @example [
       *       "0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c"
       *     ]
       */
      gone: string[];
      /**
       * Format: int64
       * @description Counts the caller's blocks and unblocks.
       * @example 3
       */
      blocksVersion: number;
      /** @description Conversations that have moved, are new to the client, or were joined anew, in the order of their ids. */
      conversations: components['schemas']['SyncedConversation'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    SendMessage: {
      /**
       * @description What to say: 1 to 160 characters (Unicode code points), not only white space. Stored as sent.
       * @example See you at eight
       */
      text: string;
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
    SendMessages: {
      /** @description The messages, 1 to 500. Each is checked and answered by itself. */
      messages: components['schemas']['SendMessage'][];
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
    SendOutcome: {
      /**
       * Format: int64
       * @description The status that a single send would have been answered with: 201 stored, 200 repeated, 4xx and 5xx refused.
       * @example 201
       */
      status: number;
      /** @description The message, where it is stored. */
      message?: components['schemas']['Message'];
      /** @description Why it was refused, where it was. */
      problem?: components['schemas']['ProblemDetails'];
    };
    SendResults: {
      /** @description One outcome per message, in their order. */
      results: components['schemas']['SendOutcome'][];
    };
    Receipt: {
      /** @description Whose receipt it is. */
      user: components['schemas']['UserSummary'];
      /**
       * @description Whether it has reached one of their devices.
       * @example true
       */
      delivered: boolean;
      /**
       * @description Whether they have read it.
       * @example false
       */
      read: boolean;
    };
    ReceiptPage: {
      /** @description The receipts, in the order of the users' ids. */
      items: components['schemas']['Receipt'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    CreateGroup: {
      /**
       * @description Name of the group.
       * @example Rowing on Sunday
       */
      name: string;
      /**
       * @description Addresses of the first members beside the creator: ids or `@username`; from an application also `ext:<externalId>`.
       *     Whoever is named twice, and the creator, counts once.
       * @example [
       *       "@ben",
       *       "@cleo"
       *     ]
       */
      members?: string[];
    };
    Group: {
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
       * @description The caller's role in it.
       * @example owner
       * @enum {string}
       */
      role: 'member' | 'admin' | 'owner';
      /**
       * Format: date-time
       * @description When it was made.
       * @example 2026-11-23T09:41:07.123Z
       */
      createdAt: string;
      /**
       * @description Name of the group.
       * @example Rowing on Sunday
       */
      name: string;
    };
    GroupPage: {
      /** @description The groups of this page. */
      items: components['schemas']['Group'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    UpdateGroup: {
      /**
       * @description The new name.
       * @example Rowing on Saturday
       */
      name: string;
    };
    Member: {
      /**
       * @description What they may do: the owner everything, admins add and remove members and rename the group.
       * @example member
       * @enum {string}
       */
      role: 'member' | 'admin' | 'owner';
      /** @description Who it is. */
      user: components['schemas']['UserSummary'];
      /**
       * Format: date-time
       * @description When they joined; for who came back, when they came back.
       * @example 2026-11-23T09:41:07.123Z
       */
      joinedAt: string;
    };
    MemberPage: {
      /** @description The members of this page. */
      items: components['schemas']['Member'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    PutMember: {
      /**
       * @description The role: `owner` hands the group over. Left out, a new member is a plain one, and a member stays as they are.
       * @example admin
       * @enum {string}
       */
      role?: 'member' | 'admin' | 'owner';
    };
    BlockUser: {
      /**
       * @description Address of the user: an id, or `@username`; from an application also `ext:<externalId>`.
       * @example @ben
       */
      user: string;
    };
    Block: {
      /** @description Who is blocked. */
      user: components['schemas']['UserSummary'];
      /**
       * Format: date-time
       * @description When they were blocked.
       * @example 2026-11-23T09:41:07.123Z
       */
      createdAt: string;
    };
    BlockPage: {
      /** @description The blocks of this page. */
      items: components['schemas']['Block'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    BlockState: {
      /** @description The other user. */
      user: components['schemas']['UserSummary'];
      /**
       * @description Whether the caller has blocked them, so that they cannot write to the caller.
       * @example true
       */
      blocked: boolean;
      /**
       * @description Whether they have blocked the caller, so that the caller cannot write to them.
       * @example false
       */
      blocksYou: boolean;
    };
    User: {
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
      /**
       * Format: date-time
       * @description When the account was made.
       * @example 2026-11-23T09:41:07.123Z
       */
      createdAt: string;
      /**
       * @description The application's own id for the user: set and seen by applications only.
       * @example crm:4711
       */
      externalId?: string;
    };
    UserPage: {
      /** @description The users of this page. */
      items: components['schemas']['User'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    CreateSession: {
      /**
       * @description In any case.
       * @example ana
       */
      username: string;
      /**
       * @description The user's password.
       * @example correct horse battery
       */
      password: string;
    };
    Tokens: {
      /**
       * Format: int64
       * @description Seconds for which the access token holds.
       * @example 900
       */
      expiresIn: number;
      /**
       * @description Goes into `Authorization: Bearer …`.
       * @example eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzaWQiOiIwMTkzIn0.c2lnbmF0dXJl
       */
      accessToken: string;
      /**
       * @description Gives the next tokens (`POST /v1/sessions/refresh`), for 30 days. Opaque.
       * @example 0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f.1.Zl5k0cQ2Vb0sW0gq1m3o8y9xJ2n7t4u6r5e3w1q0aSd
       */
      refreshToken: string;
      /** @description The user whose session it is. */
      user: components['schemas']['User'];
    };
    RefreshSession: {
      /**
       * @description The newest refresh token of the session. It may be sent again where the answer was lost; an older one ends the session.
       * @example 0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f.1.Zl5k0cQ2Vb0sW0gq1m3o8y9xJ2n7t4u6r5e3w1q0aSd
       */
      refreshToken: string;
    };
    Session: {
      /**
       * Format: uuid
       * @description The session's id.
       * @example 0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f
       */
      id: string;
      /**
       * @description The `User-Agent` of the login; empty where there was none.
       * @example Mozilla/5.0 (X11; Linux x86_64)
       */
      device: string;
      /**
       * Format: date-time
       * @description When the user logged in.
       * @example 2026-11-23T09:41:07.123Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description When the session last got tokens.
       * @example 2026-11-23T10:26:07.456Z
       */
      lastUsedAt: string;
      /**
       * @description Whether it is the session that asks.
       * @example true
       */
      current: boolean;
    };
    SessionPage: {
      /** @description The sessions of this page. */
      items: components['schemas']['Session'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    ApiKey: {
      /**
       * Format: uuid
       * @description The key's id.
       * @example 0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f
       */
      id: string;
      /**
       * @description What the key allows.
       * @example [
       *       "act",
       *       "users"
       *     ]
       */
      scopes: ('act' | 'users' | 'admin')[];
      /**
       * @description What the key is for.
       * @example shop backend
       */
      name: string;
      /**
       * Format: date-time
       * @description When the key was made.
       * @example 2026-11-23T09:41:07.123Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description When the key was last used, to the minute. Absent where it never was.
       * @example 2026-11-23T10:26:00.000Z
       */
      lastUsedAt?: string;
      /**
       * Format: date-time
       * @description When the key was revoked. Absent where it holds.
       * @example 2026-11-24T08:00:00.000Z
       */
      revokedAt?: string;
    };
    ApiKeyPage: {
      /** @description The keys of this page. */
      items: components['schemas']['ApiKey'][];
      /**
       * @description The cursor of the next page. Absent on the last page.
       * @example WyJtMSIsIjAxOTNmMGU4Il0
       */
      next?: string;
    };
    CreateApiKey: {
      /**
       * @description What the key is for: for people to know it by.
       * @example shop backend
       */
      name: string;
      /**
       * @description `act`: act for users (messages, groups, blocks). `users`: create, list, change and remove users. `admin`: manage keys.
       * @example [
       *       "act",
       *       "users"
       *     ]
       */
      scopes: ('act' | 'users' | 'admin')[];
    };
    CreatedApiKey: {
      /**
       * Format: uuid
       * @description The key's id.
       * @example 0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f
       */
      id: string;
      /**
       * @description What the key allows.
       * @example [
       *       "act",
       *       "users"
       *     ]
       */
      scopes: ('act' | 'users' | 'admin')[];
      /**
       * @description What the key is for.
       * @example shop backend
       */
      name: string;
      /**
       * Format: date-time
       * @description When the key was made.
       * @example 2026-11-23T09:41:07.123Z
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description When the key was last used, to the minute. Absent where it never was.
       * @example 2026-11-23T10:26:00.000Z
       */
      lastUsedAt?: string;
      /**
       * Format: date-time
       * @description When the key was revoked. Absent where it holds.
       * @example 2026-11-24T08:00:00.000Z
       */
      revokedAt?: string;
      /**
       * @description The key itself, for `X-Api-Key`. It is shown this once.
       * @example parley_6ZbLkqv0oQmS1dX9yT3wR7uE5hJ2nC8pA4fG0iK6lMs
       */
      key: string;
    };
    CreateUser: {
      /**
       * @description Unique, taken in any case and kept in lower case.
       * @example ana
       */
      username?: string;
      /**
       * @description The name to show: free, and not unique. Who begins without one is called by the username, else "User" and four
       *     characters of the id.
       * @example Ana Marić
       */
      displayName?: string;
      /**
       * Format: password
       * @description 8 to 256 characters. Needed to register; an application gives none, and its users get their sessions from it.
       * @example correct horse battery
       */
      password?: string;
      /**
       * @description Applications only: their own id for the user, unique. It makes the address `ext:<externalId>`.
       * @example crm:4711
       */
      externalId?: string;
    };
    UpdateUser: {
      /**
       * @description Unique, taken in any case and kept in lower case.
       * @example ana
       */
      username?: string;
      /**
       * @description The name to show: free, and not unique. Who begins without one is called by the username, else "User" and four
       *     characters of the id.
       * @example Ana Marić
       */
      displayName?: string;
    };
    ChangePassword: {
      /**
       * Format: password
       * @description The password from now on: 8 to 256 characters.
       * @example a longer horse with a staple
       */
      newPassword: string;
      /**
       * @description The password until now.
       * @example correct horse battery
       */
      currentPassword: string;
    };
    PutUser: {
      /**
       * @description Unique, taken in any case and kept in lower case.
       * @example ana
       */
      username?: string;
      /**
       * @description The name to show: free, and not unique. Who begins without one is called by the username, else "User" and four
       *     characters of the id.
       * @example Ana Marić
       */
      displayName?: string;
    };
    Health: {
      /**
       * @description Always `ok`; a server that is not well answers with a problem, or not at all.
       * @example ok
       */
      status: string;
    };
  };
  responses: {
    /** @description `acting-user-not-found`: There is no user to act for at this address. */
    'acting-user-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `already-blocked`: This user is blocked already. */
    'already-blocked': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `ambiguous-credentials`: Send a token or an API key, not both. */
    'ambiguous-credentials': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `api-key-not-found`: There is no such API key. */
    'api-key-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `block-self`: You cannot block yourself. */
    'block-self': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `client-message-id-reused`: This clientMessageId was used for another text. */
    'client-message-id-reused': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `conversation-not-found`: There is no such conversation. */
    'conversation-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `external-id-taken`: This externalId is taken. */
    'external-id-taken': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `forbidden`: The caller may not do this. */
    forbidden: {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `group-full`: The group has as many members as it may have. */
    'group-full': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `group-not-found`: There is no such group, or you are not in it. */
    'group-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `internal`: Something went wrong on the server. */
    internal: {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `invalid`: A field has a value that is not allowed. */
    invalid: {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `malformed`: The request cannot be read. */
    malformed: {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `message-not-found`: There is no such message. */
    'message-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `method-not-allowed`: This route does not take this method. */
    'method-not-allowed': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `no-such-route`: There is no such route. */
    'no-such-route': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `not-a-member`: This user is not a member of the group. */
    'not-a-member': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `not-blocked`: This user is not blocked. */
    'not-blocked': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `not-json`: The body has to be application/json. */
    'not-json': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `not-signed-in`: A valid access token or API key is needed. */
    'not-signed-in': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        'WWW-Authenticate': components['headers']['WWW-Authenticate'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing. */
    'on-behalf-of-required': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `recipient-blocked-you`: The recipient has blocked the sender. */
    'recipient-blocked-you': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `recipient-not-found`: There is no such recipient. */
    'recipient-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `registration-closed`: Registration is closed on this server. */
    'registration-closed': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `session-not-found`: There is no such session. */
    'session-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `too-large`: The body is larger than the server takes. */
    'too-large': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `too-many-requests`: Too many requests. */
    'too-many-requests': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        'Retry-After': components['headers']['Retry-After'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `unavailable`: The server cannot do this now; try again. */
    unavailable: {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        'Retry-After': components['headers']['Retry-After'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `user-not-found`: There is no such user. */
    'user-not-found': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `username-taken`: This username is taken. */
    'username-taken': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
    /** @description `wrong-credentials`: The username or the password is wrong. */
    'wrong-credentials': {
      headers: {
        'X-Request-Id': components['headers']['X-Request-Id'];
        'WWW-Authenticate': components['headers']['WWW-Authenticate'];
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['ProblemDetails'];
      };
    };
  };
  parameters: {
    /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
    OnBehalfOf: string;
  };
  requestBodies: never;
  headers: {
    /** @description The request's id: the client's own if it sent a valid one, otherwise made by the server. */
    'X-Request-Id': string;
    /** @description Path of what was created. */
    Location: string;
    /** @description Seconds after which to try again. */
    'Retry-After': number;
    /** @description How to sign in. */
    'WWW-Authenticate': string;
    /** @description How the answer came about: `mem`, without the database, or `db` and how long that was asked (ms). */
    'Server-Timing': string;
  };
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  listConversations: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ConversationPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  getConversation: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of a conversation, or the address of a user: the direct conversation with them.
         * @example @ana
         */
        conversation: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Conversation'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `conversation-not-found`: There is no such conversation.
       *
       *     `user-not-found`: There is no such user.
       */
      404: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listMessages: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description Which end to begin at. */
        order?: 'newest' | 'oldest';
        /** @description Hold an empty answer until something comes, for at most this many seconds. */
        wait?: number;
        /** @description Only what this user sent (an address). */
        sender?: string;
        /** @description Only what was sent to this user directly, or to this group (an address). */
        recipient?: string;
        /** @description Only this conversation: its id, or a user's address for the direct conversation with them. */
        conversation?: string;
        /** @description Only messages received that the caller has read or not; with `sender` the caller, or `recipient` another user, only messages sent that the others have read or not. */
        read?: boolean;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          'Server-Timing': components['headers']['Server-Timing'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessagePage'];
        };
      };
      /** @description There is still nothing: the page is as empty as the one with this ETag. */
      304: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          'Server-Timing': components['headers']['Server-Timing'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `conversation-not-found`: There is no such conversation.
       *
       *     `recipient-not-found`: There is no such recipient.
       *
       *     `user-not-found`: There is no such user.
       */
      404: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  sendMessage: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "text": "See you at eight",
         *       "recipient": "@ben"
         *     }
         */
        'application/json': components['schemas']['SendMessage'];
      };
    };
    responses: {
      /** @description It was sent before, under the same clientMessageId; nothing was stored. */
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Message'];
        };
      };
      /** @description It is stored. */
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Message'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       *
       *     `recipient-blocked-you`: The recipient has blocked the sender.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['recipient-not-found'];
      409: components['responses']['client-message-id-reused'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  sync: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['SyncRequest'];
      };
    };
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SyncPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  sendMessages: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "messages": [
         *         {
         *           "text": "See you at eight",
         *           "recipient": "@ben"
         *         }
         *       ]
         *     }
         */
        'application/json': components['schemas']['SendMessages'];
      };
    };
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SendResults'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  getMessage: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the message: `<conversationId>.<seq>`.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a.42
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Message'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['message-not-found'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  markRead: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the message: `<conversationId>.<seq>`.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a.42
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['message-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  markDelivered: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the message: `<conversationId>.<seq>`.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a.42
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['message-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listReceipts: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the message: `<conversationId>.<seq>`.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a.42
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReceiptPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['message-not-found'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listConversationMessages: {
    parameters: {
      query?: {
        /** @description Read back from this number, newest first. With neither, from the end. */
        beforeSeq?: number;
        /** @description Read on after this number, oldest first. */
        afterSeq?: number;
        /** @description How many messages to look at. */
        limit?: number;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of a conversation, or the address of a user: the direct conversation with them.
         * @example @ana
         */
        conversation: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessageWindow'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `conversation-not-found`: There is no such conversation.
       *
       *     `user-not-found`: There is no such user.
       */
      404: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listGroups: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GroupPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  createGroup: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Rowing on Sunday"
         *     }
         */
        'application/json': components['schemas']['CreateGroup'];
      };
    };
    responses: {
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Group'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       *
       *     `recipient-blocked-you`: The recipient has blocked the sender.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      /**
       * @description `group-full`: The group has as many members as it may have.
       *
       *     `invalid`: A field has a value that is not allowed.
       */
      422: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  getGroup: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the group.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Group'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['group-not-found'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  removeGroup: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the group.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['group-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  updateGroup: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the group.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Rowing on Saturday"
         *     }
         */
        'application/json': components['schemas']['UpdateGroup'];
      };
    };
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Group'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['group-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listMembers: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the group.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MemberPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['group-not-found'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  putMember: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the group.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a
         */
        id: string;
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['PutMember'];
      };
    };
    responses: {
      /** @description They were a member before, and have this role now. */
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Member'];
        };
      };
      /** @description They were added. */
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Member'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       *
       *     `recipient-blocked-you`: The recipient has blocked the sender.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `group-not-found`: There is no such group, or you are not in it.
       *
       *     `user-not-found`: There is no such user.
       */
      404: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      /**
       * @description `group-full`: The group has as many members as it may have.
       *
       *     `invalid`: A field has a value that is not allowed.
       */
      422: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  removeMember: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the group.
         * @example 0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a
         */
        id: string;
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `group-not-found`: There is no such group, or you are not in it.
       *
       *     `not-a-member`: This user is not a member of the group.
       *
       *     `user-not-found`: There is no such user.
       */
      404: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listBlocks: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BlockPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  addBlock: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "user": "@ben"
         *     }
         */
        'application/json': components['schemas']['BlockUser'];
      };
    };
    responses: {
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Block'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      409: components['responses']['already-blocked'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      /**
       * @description `block-self`: You cannot block yourself.
       *
       *     `invalid`: A field has a value that is not allowed.
       */
      422: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  getBlock: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BlockState'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  removeBlock: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `not-blocked`: This user is not blocked.
       *
       *     `user-not-found`: There is no such user.
       */
      404: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listUsers: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /**
         * @description The beginning of a username or of a display name, in any case. Usernames that match come first. An application may
         *     leave it out: all users, in the order of their ids. Where the server has USER_SEARCH=exact, users find the exact
         *     username only.
         */
        search?: string;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  createUser: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['CreateUser'];
      };
    };
    responses: {
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       *
       *     `registration-closed`: Registration is closed on this server.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `external-id-taken`: This externalId is taken.
       *
       *     `username-taken`: This username is taken.
       */
      409: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  getMe: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  removeMe: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  updateMe: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['UpdateUser'];
      };
    };
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      409: components['responses']['username-taken'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  getUser: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  putUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['PutUser'];
      };
    };
    responses: {
      /** @description They were renamed. */
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /** @description They were created. */
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      409: components['responses']['username-taken'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  removeUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  updateUser: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['UpdateUser'];
      };
    };
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      409: components['responses']['username-taken'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listSessions: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  createSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "username": "ana",
         *       "password": "correct horse battery"
         *     }
         */
        'application/json': components['schemas']['CreateSession'];
      };
    };
    responses: {
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Tokens'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `not-signed-in`: A valid access token or API key is needed.
       *
       *     `wrong-credentials`: The username or the password is wrong.
       */
      401: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          'WWW-Authenticate': components['headers']['WWW-Authenticate'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  refreshSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "refreshToken": "0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f.1.Zl5k0cQ2Vb0sW0gq1m3o8y9xJ2n7t4u6r5e3w1q0aSd"
         *     }
         */
        'application/json': components['schemas']['RefreshSession'];
      };
    };
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Tokens'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  endSession: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path: {
        /**
         * @description Id of the session, or `current` for the caller's own.
         * @example current
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['session-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  createUserSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /**
         * @description A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.
         * @example @ana
         */
        address: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Tokens'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  listApiKeys: {
    parameters: {
      query?: {
        /** @description How many items a page holds at most. */
        limit?: number;
        /** @description `next` of the page before, unchanged. Leave it out for the first page. */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ApiKeyPage'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  createApiKey: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "shop backend",
         *       "scopes": [
         *         "act",
         *         "users"
         *       ]
         *     }
         */
        'application/json': components['schemas']['CreateApiKey'];
      };
    };
    responses: {
      201: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          Location: components['headers']['Location'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CreatedApiKey'];
        };
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  revokeApiKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /**
         * @description Id of the API key.
         * @example 0193f0e8-3d4c-7e5f-8a6b-7c8d9e0f1a2b
         */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      401: components['responses']['not-signed-in'];
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['api-key-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  changePassword: {
    parameters: {
      query?: never;
      header?: {
        /** @description Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`). */
        'On-Behalf-Of'?: components['parameters']['OnBehalfOf'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "newPassword": "a longer horse with a staple",
         *       "currentPassword": "correct horse battery"
         *     }
         */
        'application/json': components['schemas']['ChangePassword'];
      };
    };
    responses: {
      204: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      /**
       * @description `ambiguous-credentials`: Send a token or an API key, not both.
       *
       *     `malformed`: The request cannot be read.
       *
       *     `on-behalf-of-required`: Say for which user: On-Behalf-Of is missing.
       */
      400: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `not-signed-in`: A valid access token or API key is needed.
       *
       *     `wrong-credentials`: The username or the password is wrong.
       */
      401: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          'WWW-Authenticate': components['headers']['WWW-Authenticate'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      /**
       * @description `acting-user-not-found`: There is no user to act for at this address.
       *
       *     `forbidden`: The caller may not do this.
       */
      403: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemDetails'];
        };
      };
      404: components['responses']['user-not-found'];
      413: components['responses']['too-large'];
      415: components['responses']['not-json'];
      422: components['responses']['invalid'];
      429: components['responses']['too-many-requests'];
      500: components['responses']['internal'];
      503: components['responses']['unavailable'];
    };
  };
  checkLive: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      422: components['responses']['invalid'];
    };
  };
  checkReady: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          'X-Request-Id': components['headers']['X-Request-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      422: components['responses']['invalid'];
      503: components['responses']['unavailable'];
    };
  };
}
