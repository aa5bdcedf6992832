import { problemDetails } from '../common/problem-details.dto.js';
import { malformed, recipientBlockedYou } from '../common/problems.js';

/** What the document says of one frame, beside its schema. */
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

/** What a client may say, by `type`. */
export const CLIENT_TEXTS: Readonly<Record<string, FrameText>> = {
  resume: {
    summary: 'Begin following: the first frame, once.',
    examples: [
      example('For the first time: what was not delivered yet, then what comes.', { type: 'resume' }),
      example('Only what comes from now on.', { type: 'resume', backlog: false }),
      example('Again, after the connection was lost.', {
        type: 'resume',
        positions: { [CONVERSATION_ID]: { seq: 41, joinedSeq: 0 }, [GROUP_ID]: { seq: 9, joinedSeq: 7 } },
        blocksVersion: 3,
      }),
    ],
  },
  send: {
    summary: 'Send a message.',
    description: 'Answered by one `reply` with the same `ref`.',
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
    description: 'What is read is delivered as well. Answered only where it fails.',
    examples: [example('Up to this one.', { type: 'read', messageId: MESSAGE_ID })],
  },
  delivered: {
    summary: 'Mark a message, and everything before it in its conversation, as received.',
    description: 'Written within a second. Answered only where it fails.',
    examples: [example('Up to this one.', { type: 'delivered', messageId: MESSAGE_ID })],
  },
  typing: {
    summary: 'Tell the others that the user is typing.',
    description: 'At most once a second for one conversation; what comes sooner is passed over.',
    examples: [example('In this conversation.', { type: 'typing', conversationId: CONVERSATION_ID })],
  },
  auth: {
    summary: 'Renew the authentication, before the access token expires.',
    description: 'Answered only where it fails: then the old token’s expiry stands.',
    examples: [example('A new token.', { type: 'auth', token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkzIn0.c2ln' })],
  },
  ping: { summary: 'Ask for a pong.', examples: [example('Ping.', { type: 'ping' })] },
};

/** What the server tells, by `type`. */
export const SERVER_TEXTS: Readonly<Record<string, FrameText>> = {
  message: {
    summary: 'A message in its place in its conversation.',
    description:
      'The same Message as of REST, one’s own included. Nothing that the user may see lies between `afterSeq` and it.',
    examples: [example('The one after what the client has.', { type: 'message', afterSeq: 41, message: MESSAGE })],
  },
  ready: {
    summary: 'The backlog is through; what follows is live.',
    description: 'Comes again after a disturbance: load the heads of conversations anew.',
    examples: [example('Ben is up to date.', { type: 'ready', userId: BEN.id, blocksVersion: 3 })],
  },
  receipt: {
    summary: 'How far a member has come: another one, or oneself on another device.',
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
    summary: 'A conversation has changed: who is in it, their roles, or its name.',
    description:
      'To every member and to who is concerned. `user` is who joined, left or changed; `conversation` is the head, where it is new or changed for the receiver.',
    examples: [
      example('Ben was added: he drops what he held of it, and begins at its joinedSeq.', {
        type: 'conversation',
        conversationId: GROUP_ID,
        change: 'joined',
        user: BEN,
        conversation: HEAD,
      }),
      example('Ana left.', { type: 'conversation', conversationId: GROUP_ID, change: 'left', user: ANA }),
      example('The group is gone.', { type: 'conversation', conversationId: GROUP_ID, change: 'deleted' }),
    ],
  },
  blocks: {
    summary: 'The user has blocked or unblocked someone, here or elsewhere.',
    description:
      'Drop the group messages; later than right after `resume`, connect again without the groups’ positions.',
    examples: [example('Once more than before.', { type: 'blocks', blocksVersion: 4 })],
  },
  typing: {
    summary: 'Somebody is typing.',
    description: 'Forget it after some seconds.',
    examples: [example('Ana is.', { type: 'typing', conversationId: CONVERSATION_ID, userId: ANA.id })],
  },
  reply: {
    summary: 'What became of a `send`.',
    description: 'Moves no position: the message itself comes in its place.',
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
    description: 'Closes nothing; ten frames in a row that are not understood close with 1008.',
    examples: [
      example('Not JSON.', {
        type: 'problem',
        problem: problemDetails(malformed('The frame is not JSON.')),
      }),
    ],
  },
  pong: { summary: 'The answer to a `ping`.', examples: [example('Pong.', { type: 'pong' })] },
};
