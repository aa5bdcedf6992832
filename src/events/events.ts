import type { ConversationId, SessionId, UserId } from '../common/ids.js';

/** A message that was stored: enough to show it without reading it again. */
export interface MessageSent {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly senderId: UserId;
  readonly text: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly sentAt: string;
  readonly clientMessageId?: string;
  /** The conversation's `members_version` while its row was locked for this message. */
  readonly membersVersion: number;
}

/** The users whom a change of membership affects; absent if they are more than 100: each process then asks the database about its own users. */
type AffectedUsers = { readonly userIds?: readonly UserId[] };

/** The events, named in the past tense, and their data. */
export interface EventMap {
  'message.sent': MessageSent;
  'receipt.moved': {
    readonly conversationId: ConversationId;
    readonly userId: UserId;
    readonly deliveredSeq: number;
    readonly readSeq: number;
  };
  'typing.started': { readonly conversationId: ConversationId; readonly userId: UserId };

  /** A direct conversation was opened by its first message. */
  'conversation.opened': { readonly conversationId: ConversationId; readonly membersVersion: number } & AffectedUsers;
  /** `userIds` joined, all at `joinedSeq`. */
  'members.joined': {
    readonly conversationId: ConversationId;
    readonly membersVersion: number;
    readonly joinedSeq: number;
  } & AffectedUsers;
  /** `userIds` left or were removed. */
  'members.left': { readonly conversationId: ConversationId; readonly membersVersion: number } & AffectedUsers;
  /** `userIds` have another role than before. */
  'member.role-changed': { readonly conversationId: ConversationId; readonly membersVersion: number } & AffectedUsers;
  'group.renamed': { readonly conversationId: ConversationId };
  /** `userIds` were the last members. */
  'group.deleted': { readonly conversationId: ConversationId } & AffectedUsers;

  'block.changed': {
    readonly blockerId: UserId;
    readonly blockedId: UserId;
    /** Whether the block was set or lifted. */
    readonly blocked: boolean;
    readonly blocksVersion: number;
  };
  'user.changed': { readonly userId: UserId };
  'user.removed': { readonly userId: UserId };
  'sessions.ended': { readonly userId: UserId; readonly sessionIds: readonly SessionId[] };
  'key.revoked': { readonly keyId: string };
}

export type EventName = keyof EventMap;
export type AnyEvent = { [K in EventName]: { readonly name: K; readonly data: EventMap[K] } }[EventName];

/** How many users an event names at most. */
export const MAX_AFFECTED_USERS = 100;

/** The users an event names: the given ones, or none if they are too many. */
export const affectedUsers = (userIds: readonly UserId[]): AffectedUsers =>
  userIds.length <= MAX_AFFECTED_USERS ? { userIds } : {};

/**
 * Best-effort events happen all the time: they go to other processes in batches, after their commit. All others are sent in
 * the transaction that makes them true; a transaction that stores messages must never wait for that.
 */
const BEST_EFFORT: ReadonlySet<EventName> = new Set<EventName>(['message.sent', 'receipt.moved', 'typing.started']);

export const isBestEffort = (name: EventName): boolean => BEST_EFFORT.has(name);
