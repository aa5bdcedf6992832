import { v5, v7, validate } from 'uuid';

export type UserId = string;
export type SessionId = string;
/** A group's id, or a direct conversation's. */
export type ConversationId = string;

/** A new id: UUIDv7 (RFC 9562), so that ids made later sort later. */
export const newId = (): string => v7();

/** Before and after every id: where a list in the order of ids begins. */
export { MAX as HIGHEST_ID, NIL as LOWEST_ID } from 'uuid';

/** Any well-formed UUID, of whatever version and case. */
export const isUuid = (value: string): boolean => validate(value);

/** Names the direct conversations of Parley; never change it, the ids of all direct conversations depend on it. */
const DIRECT_NAMESPACE = '6f9b1f0a-52a4-5c37-9d0f-3b1d4f0b8a11';

/** The id of the direct conversation of two users (or of one with themselves), the same in either order. Never looked up. */
export function directConversationId(one: UserId, other: UserId): ConversationId {
  return v5(one < other ? one + other : other + one, DIRECT_NAMESPACE);
}

/** Where a message stands: its public id is these two joined by a dot. */
export interface MessagePlace {
  readonly conversationId: ConversationId;
  readonly seq: number;
}

export const messageId = (conversationId: ConversationId, seq: number): string => `${conversationId}.${seq}`;

/** The place that a message id names, or undefined where it is none: `<uuid>.<seq>`, seq from 1, no leading zero. */
export function parseMessageId(id: string): MessagePlace | undefined {
  const [, conversationId = '', digits = ''] = /^([0-9a-fA-F-]{36})\.([1-9]\d{0,14})$/.exec(id) ?? [];
  return isUuid(conversationId) ? { conversationId: conversationId.toLowerCase(), seq: Number(digits) } : undefined;
}
