import { hash } from 'node:crypto';
import { v7, validate } from 'uuid';

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
export const DIRECT_NAMESPACE = '6f9b1f0a-52a4-5c37-9d0f-3b1d4f0b8a11';
const NAMESPACE_BYTES = Buffer.from(DIRECT_NAMESPACE.replaceAll('-', ''), 'hex');

/**
 * The id of the direct conversation of two users (or of one with themselves), the same in either order. Never looked up.
 * UUIDv5 (RFC 9562, 5.5) of the lower id followed by the higher. Every direct send makes one: by node's one-shot hash it
 * takes 0.8 µs, by the package `uuid`, with which `ids.spec.ts` compares it, 4.7.
 */
export function directConversationId(one: UserId, other: UserId): ConversationId {
  const name = Buffer.from(one < other ? one + other : other + one);
  const hex = hash('sha1', Buffer.concat([NAMESPACE_BYTES, name]), 'hex');
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Where a message stands: its public id is these two joined by a dot. */
export interface MessageRef {
  readonly conversationId: ConversationId;
  readonly seq: number;
}

export const messageId = (conversationId: ConversationId, seq: number): string => `${conversationId}.${seq}`;

/** The place that a message id names, or undefined where it is none: `<uuid>.<seq>`, seq from 1, no leading zero. */
export function parseMessageId(id: string): MessageRef | undefined {
  const [, conversationId = '', digits = ''] = /^([0-9a-fA-F-]{36})\.([1-9]\d{0,14})$/.exec(id) ?? [];
  return isUuid(conversationId) ? { conversationId: conversationId.toLowerCase(), seq: Number(digits) } : undefined;
}
