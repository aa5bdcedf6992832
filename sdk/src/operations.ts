// Generated from openapi.json by `npm run generate`. Do not edit.

import type { CallOptions, Input, Output } from './types.js';

/** Where the flat arguments of each method go: those in neither list are fields of the body. */
export const operations = {
  listConversations: {
    method: 'get',
    path: '/v1/conversations',
    inPath: [],
    inQuery: ['limit', 'cursor'],
    hasBody: false,
  },
  getConversation: {
    method: 'get',
    path: '/v1/conversations/{conversation}',
    inPath: ['conversation'],
    inQuery: [],
    hasBody: false,
  },
  listMessages: {
    method: 'get',
    path: '/v1/messages',
    inPath: [],
    inQuery: ['limit', 'order', 'wait', 'sender', 'recipient', 'conversation', 'read', 'cursor'],
    hasBody: false,
  },
  sendMessage: { method: 'post', path: '/v1/messages', inPath: [], inQuery: [], hasBody: true },
  sync: { method: 'post', path: '/v1/sync', inPath: [], inQuery: [], hasBody: true },
  sendMessages: { method: 'post', path: '/v1/messages/batch', inPath: [], inQuery: [], hasBody: true },
  getMessage: { method: 'get', path: '/v1/messages/{id}', inPath: ['id'], inQuery: [], hasBody: false },
  markRead: { method: 'post', path: '/v1/messages/{id}/read', inPath: ['id'], inQuery: [], hasBody: false },
  markDelivered: { method: 'post', path: '/v1/messages/{id}/delivered', inPath: ['id'], inQuery: [], hasBody: false },
  listReceipts: {
    method: 'get',
    path: '/v1/messages/{id}/receipts',
    inPath: ['id'],
    inQuery: ['limit', 'cursor'],
    hasBody: false,
  },
  listConversationMessages: {
    method: 'get',
    path: '/v1/conversations/{conversation}/messages',
    inPath: ['conversation'],
    inQuery: ['beforeSeq', 'afterSeq', 'limit'],
    hasBody: false,
  },
  listGroups: { method: 'get', path: '/v1/groups', inPath: [], inQuery: ['limit', 'cursor'], hasBody: false },
  createGroup: { method: 'post', path: '/v1/groups', inPath: [], inQuery: [], hasBody: true },
  getGroup: { method: 'get', path: '/v1/groups/{id}', inPath: ['id'], inQuery: [], hasBody: false },
  updateGroup: { method: 'patch', path: '/v1/groups/{id}', inPath: ['id'], inQuery: [], hasBody: true },
  removeGroup: { method: 'delete', path: '/v1/groups/{id}', inPath: ['id'], inQuery: [], hasBody: false },
  listMembers: {
    method: 'get',
    path: '/v1/groups/{id}/members',
    inPath: ['id'],
    inQuery: ['limit', 'cursor'],
    hasBody: false,
  },
  putMember: {
    method: 'put',
    path: '/v1/groups/{id}/members/{address}',
    inPath: ['id', 'address'],
    inQuery: [],
    hasBody: true,
  },
  removeMember: {
    method: 'delete',
    path: '/v1/groups/{id}/members/{address}',
    inPath: ['id', 'address'],
    inQuery: [],
    hasBody: false,
  },
  listBlocks: { method: 'get', path: '/v1/blocks', inPath: [], inQuery: ['limit', 'cursor'], hasBody: false },
  addBlock: { method: 'post', path: '/v1/blocks', inPath: [], inQuery: [], hasBody: true },
  getBlock: { method: 'get', path: '/v1/blocks/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  removeBlock: { method: 'delete', path: '/v1/blocks/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  listUsers: { method: 'get', path: '/v1/users', inPath: [], inQuery: ['limit', 'search', 'cursor'], hasBody: false },
  createUser: { method: 'post', path: '/v1/users', inPath: [], inQuery: [], hasBody: true },
  getMe: { method: 'get', path: '/v1/users/me', inPath: [], inQuery: [], hasBody: false },
  updateMe: { method: 'patch', path: '/v1/users/me', inPath: [], inQuery: [], hasBody: true },
  removeMe: { method: 'delete', path: '/v1/users/me', inPath: [], inQuery: [], hasBody: false },
  getUser: { method: 'get', path: '/v1/users/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  putUser: { method: 'put', path: '/v1/users/{address}', inPath: ['address'], inQuery: [], hasBody: true },
  updateUser: { method: 'patch', path: '/v1/users/{address}', inPath: ['address'], inQuery: [], hasBody: true },
  removeUser: { method: 'delete', path: '/v1/users/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  listSessions: { method: 'get', path: '/v1/sessions', inPath: [], inQuery: ['limit', 'cursor'], hasBody: false },
  createSession: { method: 'post', path: '/v1/sessions', inPath: [], inQuery: [], hasBody: true },
  refreshSession: { method: 'post', path: '/v1/sessions/refresh', inPath: [], inQuery: [], hasBody: true },
  endSession: { method: 'delete', path: '/v1/sessions/{id}', inPath: ['id'], inQuery: [], hasBody: false },
  createUserSession: {
    method: 'post',
    path: '/v1/users/{address}/sessions',
    inPath: ['address'],
    inQuery: [],
    hasBody: false,
  },
  listApiKeys: { method: 'get', path: '/v1/api-keys', inPath: [], inQuery: ['limit', 'cursor'], hasBody: false },
  createApiKey: { method: 'post', path: '/v1/api-keys', inPath: [], inQuery: [], hasBody: true },
  revokeApiKey: { method: 'delete', path: '/v1/api-keys/{id}', inPath: ['id'], inQuery: [], hasBody: false },
  changePassword: { method: 'put', path: '/v1/users/me/password', inPath: [], inQuery: [], hasBody: true },
  checkLive: { method: 'get', path: '/health/live', inPath: [], inQuery: [], hasBody: false },
  checkReady: { method: 'get', path: '/health/ready', inPath: [], inQuery: [], hasBody: false },
} as const;

/** One method per operation of the API, named by its operationId. */
export abstract class Operations {
  protected abstract call<K extends keyof typeof operations>(
    name: K,
    input: object | undefined,
    options: CallOptions | undefined,
  ): Promise<Output<K>>;

  /** List the caller's conversations, the one with the newest message first. */
  listConversations(input?: Input<'listConversations'>, options?: CallOptions): Promise<Output<'listConversations'>> {
    return this.call('listConversations', input, options);
  }

  /** Get one conversation. */
  getConversation(input: Input<'getConversation'>, options?: CallOptions): Promise<Output<'getConversation'>> {
    return this.call('getConversation', input, options);
  }

  /** List what the caller sent or received, over all conversations. */
  listMessages(input?: Input<'listMessages'>, options?: CallOptions): Promise<Output<'listMessages'>> {
    return this.call('listMessages', input, options);
  }

  /** Send a message to a user or a group. */
  sendMessage(input: Input<'sendMessage'>, options?: CallOptions): Promise<Output<'sendMessage'>> {
    return this.call('sendMessage', input, options);
  }

  /** Catch up: what is ahead of the client's positions, over all conversations. */
  sync(input?: Input<'sync'>, options?: CallOptions): Promise<Output<'sync'>> {
    return this.call('sync', input, options);
  }

  /** Send up to 500 messages at once: one outcome per message, in order. */
  sendMessages(input: Input<'sendMessages'>, options?: CallOptions): Promise<Output<'sendMessages'>> {
    return this.call('sendMessages', input, options);
  }

  /** Get one message. */
  getMessage(input: Input<'getMessage'>, options?: CallOptions): Promise<Output<'getMessage'>> {
    return this.call('getMessage', input, options);
  }

  /** Mark a message, and everything before it in its conversation, as read. */
  markRead(input: Input<'markRead'>, options?: CallOptions): Promise<Output<'markRead'>> {
    return this.call('markRead', input, options);
  }

  /** Mark a message, and everything before it in its conversation, as received. */
  markDelivered(input: Input<'markDelivered'>, options?: CallOptions): Promise<Output<'markDelivered'>> {
    return this.call('markDelivered', input, options);
  }

  /** See who has received and read a message that the caller sent. */
  listReceipts(input: Input<'listReceipts'>, options?: CallOptions): Promise<Output<'listReceipts'>> {
    return this.call('listReceipts', input, options);
  }

  /** Read a stretch of one conversation: back from its end, or on from what one has. */
  listConversationMessages(
    input: Input<'listConversationMessages'>,
    options?: CallOptions,
  ): Promise<Output<'listConversationMessages'>> {
    return this.call('listConversationMessages', input, options);
  }

  /** List the groups you are in, newest first. */
  listGroups(input?: Input<'listGroups'>, options?: CallOptions): Promise<Output<'listGroups'>> {
    return this.call('listGroups', input, options);
  }

  /** Create a group, which you then own. */
  createGroup(input: Input<'createGroup'>, options?: CallOptions): Promise<Output<'createGroup'>> {
    return this.call('createGroup', input, options);
  }

  /** Show a group you are in. */
  getGroup(input: Input<'getGroup'>, options?: CallOptions): Promise<Output<'getGroup'>> {
    return this.call('getGroup', input, options);
  }

  /** Rename a group: its owner and admins may. */
  updateGroup(input: Input<'updateGroup'>, options?: CallOptions): Promise<Output<'updateGroup'>> {
    return this.call('updateGroup', input, options);
  }

  /** Delete a group with everything written in it: its owner may. */
  removeGroup(input: Input<'removeGroup'>, options?: CallOptions): Promise<Output<'removeGroup'>> {
    return this.call('removeGroup', input, options);
  }

  /** List the members of a group you are in, longest-standing first. */
  listMembers(input: Input<'listMembers'>, options?: CallOptions): Promise<Output<'listMembers'>> {
    return this.call('listMembers', input, options);
  }

  /** Add a user to a group, or change a member's role: its owner may, and admins add plain members. */
  putMember(input: Input<'putMember'>, options?: CallOptions): Promise<Output<'putMember'>> {
    return this.call('putMember', input, options);
  }

  /** Remove a member from a group, or leave it: yourself anyone may, plain members owner and admins, others the owner. */
  removeMember(input: Input<'removeMember'>, options?: CallOptions): Promise<Output<'removeMember'>> {
    return this.call('removeMember', input, options);
  }

  /** List whom you have blocked, newest first. */
  listBlocks(input?: Input<'listBlocks'>, options?: CallOptions): Promise<Output<'listBlocks'>> {
    return this.call('listBlocks', input, options);
  }

  /** Block a user: they can no longer write to you, and what they write in groups is hidden from you. */
  addBlock(input: Input<'addBlock'>, options?: CallOptions): Promise<Output<'addBlock'>> {
    return this.call('addBlock', input, options);
  }

  /** Ask whether a user may write to you, and you to them. */
  getBlock(input: Input<'getBlock'>, options?: CallOptions): Promise<Output<'getBlock'>> {
    return this.call('getBlock', input, options);
  }

  /** Unblock a user: what they wrote in groups meanwhile becomes visible. */
  removeBlock(input: Input<'removeBlock'>, options?: CallOptions): Promise<Output<'removeBlock'>> {
    return this.call('removeBlock', input, options);
  }

  /** Find users by the beginning of a username or display name. */
  listUsers(input?: Input<'listUsers'>, options?: CallOptions): Promise<Output<'listUsers'>> {
    return this.call('listUsers', input, options);
  }

  /** Register, with username and password; or, as an application, create a user with any names or none. */
  createUser(input?: Input<'createUser'>, options?: CallOptions): Promise<Output<'createUser'>> {
    return this.call('createUser', input, options);
  }

  /** Show yourself. */
  getMe(options?: CallOptions): Promise<Output<'getMe'>> {
    return this.call('getMe', undefined, options);
  }

  /** Rename yourself. */
  updateMe(input?: Input<'updateMe'>, options?: CallOptions): Promise<Output<'updateMe'>> {
    return this.call('updateMe', input, options);
  }

  /** Remove your account. What you sent stays, from "Deleted user". */
  removeMe(options?: CallOptions): Promise<Output<'removeMe'>> {
    return this.call('removeMe', undefined, options);
  }

  /** Show a user. A removed one is shown by id: deleted, and without names. */
  getUser(input: Input<'getUser'>, options?: CallOptions): Promise<Output<'getUser'>> {
    return this.call('getUser', input, options);
  }

  /** Create or rename the user that your application knows by its own id: the address is `ext:` and that id. */
  putUser(input: Input<'putUser'>, options?: CallOptions): Promise<Output<'putUser'>> {
    return this.call('putUser', input, options);
  }

  /** Rename a user. */
  updateUser(input: Input<'updateUser'>, options?: CallOptions): Promise<Output<'updateUser'>> {
    return this.call('updateUser', input, options);
  }

  /** Remove a user. What they sent stays, from "Deleted user". */
  removeUser(input: Input<'removeUser'>, options?: CallOptions): Promise<Output<'removeUser'>> {
    return this.call('removeUser', input, options);
  }

  /** List your sessions, newest first. */
  listSessions(input?: Input<'listSessions'>, options?: CallOptions): Promise<Output<'listSessions'>> {
    return this.call('listSessions', input, options);
  }

  /** Log in. */
  createSession(input: Input<'createSession'>, options?: CallOptions): Promise<Output<'createSession'>> {
    return this.call('createSession', input, options);
  }

  /** Get new tokens. A lost answer may be asked for again; an older refresh token ends the session. */
  refreshSession(input: Input<'refreshSession'>, options?: CallOptions): Promise<Output<'refreshSession'>> {
    return this.call('refreshSession', input, options);
  }

  /** End a session, by its id or `current`: log out. */
  endSession(input: Input<'endSession'>, options?: CallOptions): Promise<Output<'endSession'>> {
    return this.call('endSession', input, options);
  }

  /** Give one of your users a session: its tokens are for their front end. */
  createUserSession(input: Input<'createUserSession'>, options?: CallOptions): Promise<Output<'createUserSession'>> {
    return this.call('createUserSession', input, options);
  }

  /** List the keys of applications, newest first; never the keys themselves. */
  listApiKeys(input?: Input<'listApiKeys'>, options?: CallOptions): Promise<Output<'listApiKeys'>> {
    return this.call('listApiKeys', input, options);
  }

  /** Make a key. The answer alone shows it. */
  createApiKey(input: Input<'createApiKey'>, options?: CallOptions): Promise<Output<'createApiKey'>> {
    return this.call('createApiKey', input, options);
  }

  /** Revoke a key: it is refused from now on. */
  revokeApiKey(input: Input<'revokeApiKey'>, options?: CallOptions): Promise<Output<'revokeApiKey'>> {
    return this.call('revokeApiKey', input, options);
  }

  /** Change your password. Your other sessions end. */
  changePassword(input: Input<'changePassword'>, options?: CallOptions): Promise<Output<'changePassword'>> {
    return this.call('changePassword', input, options);
  }

  /** Whether the process answers: where it does not, start it anew. */
  checkLive(options?: CallOptions): Promise<Output<'checkLive'>> {
    return this.call('checkLive', undefined, options);
  }

  /** Whether the server can do its work, the database included: where it cannot, send it no requests. */
  checkReady(options?: CallOptions): Promise<Output<'checkReady'>> {
    return this.call('checkReady', undefined, options);
  }
}
