import { Injectable } from '@nestjs/common';
import type { ConversationId, UserId } from '../common/ids.js';
import type { Kind } from '../conversations/conversation.entity.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { MESSAGE_COLUMNS, type MessageRow } from '../messages/seen-message.js';

/** What a feed keeps of its conversation. */
export interface FeedConversation {
  readonly conversationId: ConversationId;
  readonly kind: Kind;
  readonly userA: UserId | null;
  readonly userB: UserId | null;
  readonly memberCount: number;
}

/** The head of a log, as a feed needs it. */
export interface FeedState extends FeedConversation {
  readonly lastSeq: number;
  readonly membersVersion: number;
}

/** A user's place in a conversation. */
export interface MembershipRow extends FeedState {
  readonly userId: UserId;
  readonly joinedSeq: number;
  readonly deliveredSeq: number;
}

/** Who of the asked users is in a conversation. */
export interface MembersRow extends FeedState {
  /** Of the members among those asked for, in the same order as `joinedSeqs`. */
  readonly userIds: readonly UserId[];
  readonly joinedSeqs: readonly number[];
}

/** The blocks that concern a user. */
export interface BlocksRow {
  readonly userId: UserId;
  readonly blocksVersion: number;
  readonly blocked: readonly UserId[];
  readonly blockedBy: readonly UserId[];
}

const STATE = `c.id AS "conversationId", c.kind, c.user_a AS "userA", c.user_b AS "userB", c.last_seq AS "lastSeq",
     c.members_version AS "membersVersion", c.member_count AS "memberCount"`;

/** All memberships of some users, in one statement. Indexes: members_user, conversations_pkey. */
const MEMBERSHIPS = statement<[userIds: readonly UserId[]], MembershipRow>(
  'feeds.memberships',
  `SELECT m.user_id AS "userId", m.joined_seq AS "joinedSeq", m.delivered_seq AS "deliveredSeq", ${STATE}
   FROM members m JOIN conversations c ON c.id = m.conversation_id
   WHERE m.user_id = ANY ($1::uuid[])`,
);

/** The version and the members of one conversation, of one moment. No row: deleted. Indexes: conversations_pkey, members_pkey. */
const MEMBERS = statement<[conversationId: ConversationId, userIds: readonly UserId[]], MembersRow>(
  'feeds.members',
  `SELECT ${STATE}, f."userIds"::text[] AS "userIds", f."joinedSeqs"::float8[] AS "joinedSeqs"
   FROM conversations c CROSS JOIN LATERAL (
     SELECT coalesce(array_agg(m.user_id ORDER BY m.user_id), '{}') AS "userIds",
       coalesce(array_agg(m.joined_seq ORDER BY m.user_id), '{}') AS "joinedSeqs"
     FROM members m WHERE m.conversation_id = c.id AND m.user_id = ANY ($2::uuid[])) f
   WHERE c.id = $1 AND c.deleted_at IS NULL`,
);

/** Index: users_pkey, blocks_pkey, blocks_blocked. */
const BLOCKS = statement<[userIds: readonly UserId[]], BlocksRow>(
  'feeds.blocks',
  `SELECT u.id AS "userId", u.blocks_version AS "blocksVersion",
     ARRAY(SELECT b.blocked_id::text FROM blocks b WHERE b.blocker_id = u.id) AS blocked,
     ARRAY(SELECT b.blocker_id::text FROM blocks b WHERE b.blocked_id = u.id) AS "blockedBy"
   FROM users u WHERE u.id = ANY ($1::uuid[])`,
);

/** What a feed missed: after $2, up to $3 and no further. Index: messages_pkey. */
const GAP = statement<[conversationId: ConversationId, afterSeq: number, toSeq: number, limit: number], MessageRow>(
  'feeds.gap',
  `SELECT x.conversation_id AS "conversationId", ${MESSAGE_COLUMNS}
   FROM messages x WHERE x.conversation_id = $1 AND x.seq > $2 AND x.seq <= $3 ORDER BY x.seq LIMIT $4`,
);

@Injectable()
export class FeedsRepository {
  memberships(tx: Tx, userIds: readonly UserId[]): Promise<MembershipRow[]> {
    return tx.db.many(MEMBERSHIPS, userIds);
  }

  /** Which of these users are in the conversation, and its version, in one snapshot; undefined where it is deleted. */
  members(tx: Tx, conversationId: ConversationId, userIds: readonly UserId[]): Promise<MembersRow | undefined> {
    return tx.db.maybe(MEMBERS, conversationId, userIds);
  }

  blocks(tx: Tx, userIds: readonly UserId[]): Promise<BlocksRow[]> {
    return tx.db.many(BLOCKS, userIds);
  }

  gap(tx: Tx, conversationId: ConversationId, afterSeq: number, toSeq: number, limit: number): Promise<MessageRow[]> {
    return tx.db.many(GAP, conversationId, afterSeq, toSeq, limit);
  }
}
