// Generated from openapi.json by `npm run sdk`. Do not edit.

import type { CallOptions, Input, Output } from './types.js';

/** Where the flat arguments of each method go: those in neither list are fields of the body. */
export const operations = {
  listUsers: { method: 'get', path: '/v1/users', inPath: [], inQuery: ['limit', 'search', 'cursor'], hasBody: false },
  getMe: { method: 'get', path: '/v1/users/me', inPath: [], inQuery: [], hasBody: false },
  getUser: { method: 'get', path: '/v1/users/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  listBlocks: { method: 'get', path: '/v1/blocks', inPath: [], inQuery: ['limit', 'cursor'], hasBody: false },
  addBlock: { method: 'post', path: '/v1/blocks', inPath: [], inQuery: [], hasBody: true },
  getBlock: { method: 'get', path: '/v1/blocks/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  removeBlock: { method: 'delete', path: '/v1/blocks/{address}', inPath: ['address'], inQuery: [], hasBody: false },
  listMessages: {
    method: 'get',
    path: '/v1/messages',
    inPath: [],
    inQuery: ['limit', 'order', 'sender', 'recipient', 'conversation', 'read', 'cursor'],
    hasBody: false,
  },
  sendMessage: { method: 'post', path: '/v1/messages', inPath: [], inQuery: [], hasBody: true },
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
} as const;

/** One method per operation of the API, named by its operationId. */
export abstract class Operations {
  protected abstract call<K extends keyof typeof operations>(
    name: K,
    input: object | undefined,
    options: CallOptions | undefined,
  ): Promise<Output<K>>;

  /** Find users by the beginning of a username or display name. */
  listUsers(input?: Input<'listUsers'>, options?: CallOptions): Promise<Output<'listUsers'>> {
    return this.call('listUsers', input, options);
  }

  /** Show yourself. */
  getMe(options?: CallOptions): Promise<Output<'getMe'>> {
    return this.call('getMe', undefined, options);
  }

  /** Show a user. A removed one is shown by id: deleted, and without names. */
  getUser(input: Input<'getUser'>, options?: CallOptions): Promise<Output<'getUser'>> {
    return this.call('getUser', input, options);
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

  /** List what the caller sent or received, over all conversations. */
  listMessages(input?: Input<'listMessages'>, options?: CallOptions): Promise<Output<'listMessages'>> {
    return this.call('listMessages', input, options);
  }

  /** Send a message to a user or a group. */
  sendMessage(input: Input<'sendMessage'>, options?: CallOptions): Promise<Output<'sendMessage'>> {
    return this.call('sendMessage', input, options);
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

  /** List the caller's conversations, the one with the newest message first. */
  listConversations(input?: Input<'listConversations'>, options?: CallOptions): Promise<Output<'listConversations'>> {
    return this.call('listConversations', input, options);
  }

  /** Get one conversation. */
  getConversation(input: Input<'getConversation'>, options?: CallOptions): Promise<Output<'getConversation'>> {
    return this.call('getConversation', input, options);
  }
}
