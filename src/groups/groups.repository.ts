import { Injectable } from '@nestjs/common';
import type { ConversationId, UserId } from '../common/ids.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { RoleNumber } from '../conversations/member.entity.js';
import type { MemberRow } from '../conversations/membership.js';

/** A group as one of its members sees it. */
export interface GroupRow {
  readonly conversationId: ConversationId;
  readonly name: string | null;
  readonly memberCount: number;
  readonly role: RoleNumber;
  readonly createdAt: Date;
}

/** The member after whom the next page of a list begins. */
export interface MemberKey {
  readonly joinedAt: string;
  readonly userId: UserId;
}

/** Indexes: members_user, backwards from $2, then conversations_pkey; skips the user's direct conversations. */
const LIST_OF = statement<[userId: UserId, beforeId: ConversationId, limit: number], GroupRow>(
  'groups.list-of',
  `SELECT c.id AS "conversationId", c.name, c.member_count AS "memberCount", m.role, c.created_at AS "createdAt"
   FROM members m JOIN conversations c ON c.id = m.conversation_id
   WHERE m.user_id = $1 AND m.conversation_id < $2 AND c.kind = ${Kind.group} AND c.deleted_at IS NULL
   ORDER BY m.conversation_id DESC LIMIT $3`,
);

/** Index: members_pkey; reads and sorts the members of one group, which are at most GROUP_MAX_MEMBERS. Longest-standing first. */
const MEMBERS = statement<[id: ConversationId, joinedAt: string, userId: UserId, limit: number], MemberRow>(
  'groups.members',
  `SELECT user_id AS "userId", role, joined_at AS "joinedAt" FROM members
   WHERE conversation_id = $1 AND (joined_at, user_id) > ($2::timestamptz, $3::uuid)
   ORDER BY joined_at, user_id LIMIT $4`,
);

/** Lists of groups and of their members. */
@Injectable()
export class GroupsRepository {
  /** The groups a user is in, newest first: ids of groups sort by when they were made. */
  listOf(tx: Tx, userId: UserId, beforeId: ConversationId, limit: number): Promise<GroupRow[]> {
    return tx.db.many(LIST_OF, userId, beforeId, limit);
  }

  members(tx: Tx, id: ConversationId, after: MemberKey, limit: number): Promise<MemberRow[]> {
    return tx.db.many(MEMBERS, id, after.joinedAt, after.userId, limit);
  }
}
