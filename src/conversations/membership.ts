import type { ConversationId, UserId } from '../common/ids.js';
import type { Kind } from './conversation.entity.js';
import type { RoleNumber } from './member.entity.js';

/** One user's membership of one conversation, and the head of its log, read in one statement. */
export interface Membership {
  readonly conversationId: ConversationId;
  readonly kind: Kind;
  /** Groups only. */
  readonly name: string | null;
  /** The two users of a direct conversation, the lower id first; the same user twice in a conversation with oneself. */
  readonly userA: UserId | null;
  readonly userB: UserId | null;
  readonly lastSeq: number;
  readonly membersVersion: number;
  readonly memberCount: number;
  readonly createdAt: Date;
  readonly role: RoleNumber;
  readonly joinedSeq: number;
  readonly deliveredSeq: number;
  readonly readSeq: number;
  readonly joinedAt: Date;
}

/** The last message that reached a member, and the last one that they read. */
export interface Marker {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** A group whose row this transaction has locked: its members and their roles do not change until the transaction ends. */
export interface LockedGroup {
  readonly id: ConversationId;
  readonly memberCount: number;
}

/** A member of a group. */
export interface MemberRow {
  readonly userId: UserId;
  readonly role: RoleNumber;
  readonly joinedAt: Date;
}
