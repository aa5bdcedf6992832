import { problemDetails } from '../common/problem-details.dto.js';
import { malformed, recipientBlockedYou } from '../common/problems.js';

/** The document's text about one frame, beside its schema. */
export interface FrameText {
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly { readonly summary: string; readonly payload: object }[];
}

const CONVERSATION_ID = '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f';
const GROUP_ID = '0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a';
const MESSAGE_ID = `${CONVERSATION_ID}.42`;
const ANA = { id: '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f', username: 'ana', displayName: 'Ana', deleted: false };
const BEN = { id: '0193f0e8-9c2d-7f41-8a6b-2d3e4f5a6b7c', username: 'ben', displayName: 'Ben', deleted: false };
const MESSAGE = {
  id: MESSAGE_ID,
  conversationId: CONVERSATION_ID,
  seq: 42,
  sender: ANA,
  recipient: { kind: 'user', id: BEN.id },
  text: 'See you at eight',
  sentAt: '2026-03-01T09:30:00.125Z',
  read: false,
};
const CLIENT_MESSAGE_ID = '6f1d9a52-3d0c-4f0e-9a75-1f2e3d4c5b6a';
const HEAD = {
  id: GROUP_ID,
  kind: 'group',
  group: { id: GROUP_ID, name: 'Hiking', memberCount: 3 },
  lastSeq: 7,
  joinedSeq: 7,
  readSeq: 7,
  deliveredSeq: 7,
  unread: 0,
};

const example = (summary: string, payload: object): FrameText['examples'][number] => ({ summary, payload });

/** The frames that a client may send, by `type`. */
export const CLIENT_TEXTS: Readonly<Record<string, FrameText>> = {
  resume: {
    summary: 'Start to receive: the first frame, sent once.',
    examples: [
      example('For the first time: the messages that were not delivered yet, then new ones.', { type: 'resume' }),
      example('Only new messages.', { type: 'resume', backlog: false }),
      example('Again, after the connection was lost.', {
        type: 'resume',
        positions: { [CONVERSATION_ID]: { seq: 41, joinedSeq: 0 }, [GROUP_ID]: { seq: 9, joinedSeq: 7 } },
        blocksVersion: 3,
      }),
    ],
  },
  send: {
    summary: 'Send a message.',
    description: 'The server answers with one `reply` with the same `ref`.',
    examples: [
      example('To a user.', {
        type: 'send',
        ref: '17',
        recipient: '@ben',
        text: MESSAGE.text,
        clientMessageId: CLIENT_MESSAGE_ID,
      }),
    ],
  },
  read: {
    summary: 'Mark a message, and everything before it in its conversation, as read.',
    description: 'A message that is read is delivered as well. The server answers only if this fails.',
    examples: [example('Up to this one.', { type: 'read', messageId: MESSAGE_ID })],
  },
  delivered: {
    summary: 'Mark a message, and everything before it in its conversation, as received.',
    description: 'The server stores it within a second. It answers only if this fails.',
    examples: [example('Up to this one.', { type: 'delivered', messageId: MESSAGE_ID })],
  },
  typing: {
    summary: 'Tell the other members that the user is typing.',
    description: 'At most once a second for one conversation; the server ignores what comes sooner.',
    examples: [example('In this conversation.', { type: 'typing', conversationId: CONVERSATION_ID })],
  },
  auth: {
    summary: 'Renew the authentication, before the access token expires.',
    description: 'The server answers only if this fails: the socket then still ends when the old token expires.',
    examples: [example('A new token.', { type: 'auth', token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkzIn0.c2ln' })],
  },
  ping: { summary: 'Ask for a pong.', examples: [example('Ping.', { type: 'ping' })] },
};

/** The frames that the server sends, by `type`. */
export const SERVER_TEXTS: Readonly<Record<string, FrameText>> = {
  message: {
    summary: 'A message, in the order of its conversation.',
    description:
      'The same Message as in the REST API. The user’s own messages are included. No message that the user may see lies between `afterSeq` and this one.',
    examples: [example('The message after the client’s newest.', { type: 'message', afterSeq: 41, message: MESSAGE })],
  },
  ready: {
    summary: 'The backlog is complete; what follows is live.',
    description:
      'Sent again when the server may have missed receipts or changes: load the heads of conversations again.',
    examples: [example('Ben is up to date.', { type: 'ready', userId: BEN.id, blocksVersion: 3 })],
  },
  receipt: {
    summary: 'How far a member has received and read: another member, or the user on another device.',
    examples: [
      example('Ben has received everything and read all but the last.', {
        type: 'receipt',
        conversationId: CONVERSATION_ID,
        userId: BEN.id,
        deliveredSeq: 42,
        readSeq: 41,
      }),
    ],
  },
  conversation: {
    summary: 'A conversation has changed: its members, their roles, or its name.',
    description:
      'Sent to every member, and to the user who joined or left. `user` is the member who joined, left or has another role; `conversation` is the head, if it is new or changed for the receiver.',
    examples: [
      example('Ben was added: he drops what he holds of it, and starts at its joinedSeq.', {
        type: 'conversation',
        conversationId: GROUP_ID,
        change: 'joined',
        user: BEN,
        conversation: HEAD,
      }),
      example('Ana left.', { type: 'conversation', conversationId: GROUP_ID, change: 'left', user: ANA }),
      example('The group was deleted.', { type: 'conversation', conversationId: GROUP_ID, change: 'deleted' }),
    ],
  },
  blocks: {
    summary: 'The user has blocked or unblocked somebody, on this device or another.',
    description:
      'Drop the group messages. If this is not the first frame after `resume`, connect again without the groups’ positions.',
    examples: [example('One more block.', { type: 'blocks', blocksVersion: 4 })],
  },
  typing: {
    summary: 'Somebody is typing.',
    description: 'Forget it after some seconds.',
    examples: [example('Ana is typing.', { type: 'typing', conversationId: CONVERSATION_ID, userId: ANA.id })],
  },
  reply: {
    summary: 'The result of a `send`.',
    description: 'It moves no position: the message itself follows in the order of its conversation.',
    examples: [
      example('Stored.', {
        type: 'reply',
        ref: '17',
        status: 201,
        message: { ...MESSAGE, clientMessageId: CLIENT_MESSAGE_ID },
      }),
      example('Refused.', { type: 'reply', ref: '17', status: 403, problem: problemDetails(recipientBlockedYou()) }),
    ],
  },
  problem: {
    summary: 'A frame was refused.',
    description: 'The socket stays open; ten invalid frames in a row close it with 1008.',
    examples: [
      example('Not JSON.', {
        type: 'problem',
        problem: problemDetails(malformed('The frame is not JSON.')),
      }),
    ],
  },
  pong: { summary: 'The answer to a `ping`.', examples: [example('Pong.', { type: 'pong' })] },
};
