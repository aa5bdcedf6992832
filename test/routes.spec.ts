import { expect, it } from '@jest/globals';
import type { Parley } from '../sdk/src/index.js';
import type { ProblemKind } from '../src/common/problem.js';
import {
  conversationNotFound,
  forbidden,
  groupNotFound,
  messageNotFound,
  notBlocked,
  notSignedIn,
  recipientNotFound,
  sessionNotFound,
} from '../src/common/problems.js';
import { operations } from './support/contract.js';
import { newWorld } from './support/world.js';

/** What anyone may call. Everything else needs a user or an application. */
const PUBLIC = ['checkLive', 'checkReady', 'createSession', 'createUser', 'refreshSession'];

const anAddress = (path: string): string => path.replace(/\{\w+\}/g, '0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f');

it('without a token every route but the public ones answers 401', async () => {
  const { raw } = await newWorld();
  const open: string[] = [];
  for (const { method, path, operationId } of operations) {
    const answer = await raw(method, anAddress(path), method === 'GET' ? {} : { body: {} });
    if (answer.status === 401) expect(answer).toBeProblem(notSignedIn);
    else open.push(operationId);
  }
  expect(open.toSorted()).toEqual(PUBLIC);
});

it('the document says which routes are open to anyone', () => {
  const declared = operations.filter(({ security }) => security.length === 0 || security.some((it) => isEmpty(it)));
  expect(declared.map(({ operationId }) => operationId).toSorted()).toEqual(PUBLIC);
});

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

const SECRET = 'what only Ana and Ben know';

/** Things of Ana and Ben, by which a stranger tries to reach them. */
interface Things {
  readonly ana: string;
  readonly ben: string;
  readonly group: string;
  readonly direct: string;
  readonly message: string;
  readonly groupMessage: string;
  readonly session: string;
}

type Attempt = (stranger: Parley, things: Things) => Promise<unknown>;
/** A refusal of this kind; or an answer (`nothing`), in which nothing of theirs stands. */
type Expected = ProblemKind | 'nothing';

const ATTEMPTS: Readonly<Record<string, readonly [Expected, Attempt][]>> = {
  getGroup: [[groupNotFound, (api, { group }) => api.getGroup({ id: group })]],
  listGroups: [['nothing', (api) => api.listGroups()]],
  updateGroup: [[groupNotFound, (api, { group }) => api.updateGroup({ id: group, name: 'Mine' })]],
  removeGroup: [[groupNotFound, (api, { group }) => api.removeGroup({ id: group })]],
  listMembers: [[groupNotFound, (api, { group }) => api.listMembers({ id: group })]],
  putMember: [
    [groupNotFound, async (api, { group }) => api.putMember({ id: group, address: (await api.getMe()).id })],
    [groupNotFound, (api, { group, ben }) => api.putMember({ id: group, address: ben, role: 'owner' })],
  ],
  removeMember: [[groupNotFound, (api, { group, ben }) => api.removeMember({ id: group, address: ben })]],

  sendMessage: [[recipientNotFound, (api, { group }) => api.sendMessage({ recipient: group, text: 'Hello' })]],
  sendMessages: [
    ['nothing', (api, { group }) => api.sendMessages({ messages: [{ recipient: group, text: 'Hello' }] })],
  ],
  listMessages: [
    ['nothing', (api) => api.listMessages()],
    ['nothing', (api, { ana, ben }) => api.listMessages({ sender: ana, recipient: ben })],
    [conversationNotFound, (api, { direct }) => api.listMessages({ conversation: direct })],
    [conversationNotFound, (api, { group }) => api.listMessages({ conversation: group })],
    [recipientNotFound, (api, { group }) => api.listMessages({ recipient: group })],
  ],
  getMessage: [
    [messageNotFound, (api, { message }) => api.getMessage({ id: message })],
    [messageNotFound, (api, { groupMessage }) => api.getMessage({ id: groupMessage })],
  ],
  markRead: [[messageNotFound, (api, { message }) => api.markRead({ id: message })]],
  markDelivered: [[messageNotFound, (api, { groupMessage }) => api.markDelivered({ id: groupMessage })]],
  listReceipts: [[messageNotFound, (api, { groupMessage }) => api.listReceipts({ id: groupMessage })]],

  listConversations: [['nothing', (api) => api.listConversations()]],
  getConversation: [
    [conversationNotFound, (api, { direct }) => api.getConversation({ conversation: direct })],
    [conversationNotFound, (api, { group }) => api.getConversation({ conversation: group })],
    [conversationNotFound, (api, { ana }) => api.getConversation({ conversation: ana })],
  ],
  listConversationMessages: [
    [conversationNotFound, (api, { direct }) => api.listConversationMessages({ conversation: direct })],
    [conversationNotFound, (api, { group }) => api.listConversationMessages({ conversation: group, afterSeq: 0 })],
  ],
  sync: [
    ['nothing', (api) => api.sync({})],
    ['nothing', (api, { group }) => api.sync({ positions: { [group]: { seq: 0, joinedSeq: 0 } } })],
  ],

  addBlock: [['nothing', (api, { ana }) => api.addBlock({ user: ana })]], // anyone may block anyone, for themselves
  listBlocks: [['nothing', (api) => api.listBlocks()]],
  getBlock: [['nothing', (api, { ben }) => api.getBlock({ address: ben })]],
  removeBlock: [[notBlocked, (api, { ben }) => api.removeBlock({ address: ben })]],

  listSessions: [['nothing', (api) => api.listSessions()]],
  endSession: [[sessionNotFound, (api, { session }) => api.endSession({ id: session })]],
  getUser: [['nothing', (api, { ana }) => api.getUser({ address: ana })]],
  listUsers: [['nothing', (api) => api.listUsers({ search: 'ana' })]],

  updateUser: [[forbidden, (api, { ana }) => api.updateUser({ address: ana, displayName: 'Stranger' })]],
  putUser: [[forbidden, (api) => api.putUser({ address: 'ext:ana', displayName: 'Stranger' })]],
  removeUser: [[forbidden, (api, { ana }) => api.removeUser({ address: ana })]],
  createUserSession: [[forbidden, (api, { ana }) => api.createUserSession({ address: ana })]],
  listApiKeys: [[forbidden, (api) => api.listApiKeys()]],
  createApiKey: [[forbidden, (api) => api.createApiKey({ name: 'Mine', scopes: ['admin'] })]],
  revokeApiKey: [[forbidden, (api, { group }) => api.revokeApiKey({ id: group })]],
};

/** What names nobody but the caller. */
const OF_ONESELF = ['changePassword', 'createGroup', 'getMe', 'removeMe', 'updateMe'];

it('every route has been tried as a stranger', () => {
  const tried = [...Object.keys(ATTEMPTS), ...OF_ONESELF, ...PUBLIC];
  expect(tried.toSorted()).toEqual(operations.map(({ operationId }) => operationId).toSorted());
});

it.each(Object.entries(ATTEMPTS))('a stranger finds nothing of Ana and Ben by %s', async (_name, attempts) => {
  const { ana, ben, stranger } = await newWorld();
  const message = await ana.sendTo(ben, SECRET);
  const group = await ana.createGroup(SECRET, ben);
  const groupMessage = await ana.sendTo(group, SECRET);
  await ana.block((await newWorld()).ana);
  const { items } = await ana.api.listSessions();
  const things = {
    ana: ana.id,
    ben: ben.id,
    group: group.id,
    direct: message.conversationId,
    message: message.id,
    groupMessage: groupMessage.id,
    session: items[0]!.id,
  };
  const seen = async (): Promise<unknown> => [
    await ana.messages(),
    await ben.messages(),
    await ana.api.listConversations(),
    await ana.api.listMembers({ id: group.id }),
    await ana.api.listSessions(),
    await ana.api.getMe(),
  ];
  const before = await seen();

  for (const [expected, attempt] of attempts) {
    const outcome = attempt(stranger.api, things);
    if (expected === 'nothing') expect(JSON.stringify(await outcome) ?? '').not.toContain(SECRET);
    else await expect(outcome).rejects.toBeProblem(expected);
  }
  expect(withoutTimes(await seen())).toEqual(withoutTimes(before));
});

/** A session says when it was used last. */
const withoutTimes = (value: unknown): string =>
  JSON.stringify(value, (key, inner: unknown) => (key === 'lastUsedAt' ? undefined : inner));
