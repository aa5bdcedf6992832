import type { ConversationId, UserId } from '../common/ids.js';
import type { Kind } from './conversation.entity.js';
import type { RoleNumber } from './member.entity.js';

/** One user's place in one conversation, and the head of its log, read in one statement. */
export interface Membership {
  readonly conversationId: ConversationId;
  readonly kind: Kind;
  /** Groups only. */
  readonly name: string | null;
  /** The two of a direct conversation, the lower id first; the same one twice in a conversation with oneself. */
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

/** How far a member has come. */
export interface Marker {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** A group whose row this transaction has locked: who is in it, and as what, stays as later statements find it. */
export interface LockedGroup {
  readonly id: ConversationId;
  readonly memberCount: number;
}

/** A member as groups show them. */
export interface MemberRow {
  readonly userId: UserId;
  readonly role: RoleNumber;
  readonly joinedAt: Date;
}
