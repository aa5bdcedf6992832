import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { ConversationId, UserId } from '../common/ids.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';
import { ConversationEntity, Kind } from './conversation.entity.js';
import { MemberEntity, RoleNumber } from './member.entity.js';
import type { LockedGroup, MemberRow } from './membership.js';

/** Index: conversations_pkey. */
const LOCK = statement<[id: ConversationId], LockedGroup>(
  'members.lock',
  `SELECT id, member_count AS "memberCount"
   FROM conversations WHERE id = $1 AND kind = ${Kind.group} AND deleted_at IS NULL FOR NO KEY UPDATE`,
);

/** Index: members_pkey. */
const AMONG = statement<[id: ConversationId, userIds: readonly UserId[]], MemberRow>(
  'members.among',
  `SELECT user_id AS "userId", role, joined_at AS "joinedAt"
   FROM members WHERE conversation_id = $1 AND user_id = ANY ($2::uuid[])`,
);

/** Index: members_pkey; reads every member of the group. Finds the member who becomes owner when the owner leaves. */
const SUCCESSOR = statement<[id: ConversationId, ownerId: UserId], { userId: UserId }>(
  'members.successor',
  `SELECT user_id AS "userId" FROM members WHERE conversation_id = $1 AND user_id <> $2
   ORDER BY role DESC, joined_at, user_id LIMIT 1`,
);

const CREATE = statement<[id: ConversationId, name: string, ownerId: UserId, memberIds: readonly UserId[]], never>(
  'members.create',
  `WITH made AS (
     INSERT INTO conversations (id, kind, name, member_count)
     VALUES ($1::uuid, ${Kind.group}, $2, 1 + cardinality($4::uuid[]))
   )
   INSERT INTO members (conversation_id, user_id, role)
   SELECT $1::uuid, $3::uuid, ${RoleNumber.owner}
   UNION ALL SELECT $1::uuid, u.id, ${RoleNumber.member} FROM unnest($4::uuid[]) AS u (id)`,
);

/**
 * Index: conversations_pkey. Under the group's lock, so that last_seq is exactly the head when they join. The clock, not
 * now(): the transaction may have waited, and a member who joined later must not look longer-standing.
 */
const JOIN = statement<
  [id: ConversationId, userId: UserId, role: RoleNumber],
  { membersVersion: number; joinedSeq: number; joinedAt: Date }
>(
  'members.join',
  `WITH joined AS (
     INSERT INTO members (conversation_id, user_id, role, joined_seq, delivered_seq, read_seq, joined_at)
     SELECT c.id, $2::uuid, $3::smallint, c.last_seq, c.last_seq, c.last_seq, clock_timestamp()
     FROM conversations c WHERE c.id = $1
     RETURNING joined_at
   )
   UPDATE conversations c SET members_version = c.members_version + 1, member_count = c.member_count + 1
   FROM joined WHERE c.id = $1
   RETURNING c.members_version AS "membersVersion", c.last_seq AS "joinedSeq", joined.joined_at AS "joinedAt"`,
);

/**
 * Index: members_pkey. Locks members sorted, like markers, before a transaction changes several. A statement of its own: a
 * statement that waits and also changes loses rows that a marker moved meanwhile (seen with a UNION in it), and after this one
 * the next does not have to wait.
 */
const LOCK_MEMBERS = statement<[ids: readonly ConversationId[], userIds: readonly UserId[]], { locked: number }>(
  'members.lock-members',
  `SELECT 1 AS locked FROM members m JOIN unnest($1::uuid[], $2::uuid[]) AS w (conversation_id, user_id)
     ON m.conversation_id = w.conversation_id AND m.user_id = w.user_id
   ORDER BY m.conversation_id, m.user_id FOR NO KEY UPDATE OF m`,
);

/** Indexes: members_pkey, conversations_pkey. Under the locks of the group and of these members. */
const SET_ROLES = statement<
  [id: ConversationId, userIds: readonly UserId[], roles: readonly RoleNumber[]],
  { membersVersion: number }
>(
  'members.set-roles',
  `WITH changed AS (
     UPDATE members m SET role = w.role FROM unnest($2::uuid[], $3::smallint[]) AS w (user_id, role)
     WHERE m.conversation_id = $1 AND m.user_id = w.user_id
   )
   UPDATE conversations SET members_version = members_version + 1 WHERE id = $1
   RETURNING members_version AS "membersVersion"`,
);

/** Indexes: members_pkey, conversations_pkey. Under the group's lock. The last one to leave deletes the group. */
const LEAVE = statement<[id: ConversationId, userId: UserId], { membersVersion: number; deleted: boolean }>(
  'members.leave',
  `WITH gone AS (
     DELETE FROM members WHERE conversation_id = $1 AND user_id = $2 RETURNING conversation_id
   )
   UPDATE conversations c SET members_version = c.members_version + 1, member_count = c.member_count - 1,
     deleted_at = CASE WHEN c.member_count = 1 THEN now() END
   FROM gone WHERE c.id = gone.conversation_id
   RETURNING c.members_version AS "membersVersion", c.deleted_at IS NOT NULL AS deleted`,
);

/** Index: members_pkey. Under the group's lock. Locks the members sorted, as markers do. */
const LOCK_ALL_IN = statement<[id: ConversationId], { userId: UserId }>(
  'members.lock-all-in',
  `SELECT user_id AS "userId" FROM members WHERE conversation_id = $1 ORDER BY conversation_id, user_id FOR UPDATE`,
);

/** Indexes: members_pkey, conversations_pkey. Under the locks of the group and of all its members. */
const DELETE_GROUP = statement<[id: ConversationId], never>(
  'members.delete-group',
  `WITH gone AS (DELETE FROM members WHERE conversation_id = $1)
   UPDATE conversations SET deleted_at = now(), member_count = 0, members_version = members_version + 1 WHERE id = $1`,
);

/** Indexes: members_user, conversations_pkey. Locks all conversations of a user, in id order. */
const LOCK_ALL_OF = statement<[userId: UserId], { id: ConversationId }>(
  'members.lock-all-of',
  `SELECT c.id FROM conversations c WHERE c.id IN (SELECT m.conversation_id FROM members m WHERE m.user_id = $1)
   ORDER BY c.id FOR NO KEY UPDATE`,
);

/** Indexes: members_user, conversations_pkey, members_pkey. Under the locks of all their conversations. Finds the next owners of their groups. */
const SUCCESSORS_OF = statement<[userId: UserId], { conversationId: ConversationId; userId: UserId }>(
  'members.successors-of',
  `SELECT o.conversation_id AS "conversationId", n.user_id AS "userId"
   FROM members o JOIN conversations c ON c.id = o.conversation_id AND c.kind = ${Kind.group}
   CROSS JOIN LATERAL (
     SELECT x.user_id FROM members x WHERE x.conversation_id = o.conversation_id AND x.user_id <> $1
     ORDER BY x.role DESC, x.joined_at, x.user_id LIMIT 1) n
   WHERE o.user_id = $1 AND o.role = ${RoleNumber.owner}`,
);

/** Index: members_pkey. Under the locks of the conversations and of these members. */
const MAKE_OWNERS = statement<[ids: readonly ConversationId[], userIds: readonly UserId[]], never>(
  'members.make-owners',
  `UPDATE members m SET role = ${RoleNumber.owner} FROM unnest($1::uuid[], $2::uuid[]) AS w (conversation_id, user_id)
   WHERE m.conversation_id = w.conversation_id AND m.user_id = w.user_id`,
);

/** One conversation that a removed user left, and its state afterwards. */
export interface Left {
  readonly conversationId: ConversationId;
  readonly kind: Kind;
  readonly membersVersion: number;
  readonly deleted: boolean;
}

/** Indexes: members_user, conversations_pkey. A conversation without members is deleted, a direct one too. */
const COUNT_OUT_OF_ALL = statement<[userId: UserId], Left>(
  'members.count-out-of-all',
  `UPDATE conversations c SET members_version = c.members_version + 1, member_count = c.member_count - 1,
     deleted_at = CASE WHEN c.member_count = 1 THEN now() END
   FROM members m WHERE m.user_id = $1 AND c.id = m.conversation_id
   RETURNING c.id AS "conversationId", c.kind, c.members_version AS "membersVersion",
     c.deleted_at IS NOT NULL AS deleted`,
);

/** Who is in a conversation, and as what. Each method is a statement, or statements, of one transaction. */
@Injectable()
export class MembersRepository {
  constructor(
    @InjectRepository(MemberEntity, DATA_SOURCE) private readonly rows: Repository<MemberEntity>,
    @InjectRepository(ConversationEntity, DATA_SOURCE) private readonly conversations: Repository<ConversationEntity>,
  ) {}

  lock(tx: Transaction, id: ConversationId): Promise<LockedGroup | undefined> {
    return tx.db.maybe(LOCK, id);
  }

  /** Those of the users who are members. */
  async among(tx: Tx, id: ConversationId, userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, MemberRow>> {
    return new Map((await tx.db.many(AMONG, id, userIds)).map((row) => [row.userId, row]));
  }

  /** The longest-standing admin, else member; undefined where there is nobody else. */
  async successor(tx: Transaction, id: ConversationId, ownerId: UserId): Promise<UserId | undefined> {
    return (await tx.db.maybe(SUCCESSOR, id, ownerId))?.userId;
  }

  /** `memberIds` without the owner, each once. */
  async create(tx: Tx, id: ConversationId, name: string, ownerId: UserId, memberIds: readonly UserId[]): Promise<void> {
    await tx.db.change(CREATE, id, name, ownerId, memberIds);
  }

  join(
    tx: Transaction,
    id: ConversationId,
    userId: UserId,
    role: RoleNumber,
  ): Promise<{ membersVersion: number; joinedSeq: number; joinedAt: Date }> {
    return tx.db.one(JOIN, id, userId, role);
  }

  /** Answers the new `members_version`. */
  async setRoles(tx: Transaction, id: ConversationId, roles: ReadonlyMap<UserId, RoleNumber>): Promise<number> {
    const userIds = [...roles.keys()];
    await tx.db.many(
      LOCK_MEMBERS,
      userIds.map(() => id),
      userIds,
    );
    return (await tx.db.one(SET_ROLES, id, userIds, [...roles.values()])).membersVersion;
  }

  leave(tx: Transaction, id: ConversationId, userId: UserId): Promise<{ membersVersion: number; deleted: boolean }> {
    return tx.db.one(LEAVE, id, userId);
  }

  /** Under the group's lock. */
  async rename(tx: Transaction, id: ConversationId, name: string): Promise<void> {
    await tx.manager.withRepository(this.conversations).update({ id }, { name });
  }

  /** Answers who was in it. */
  async deleteGroup(tx: Transaction, id: ConversationId): Promise<UserId[]> {
    const locked = await tx.db.many(LOCK_ALL_IN, id);
    await tx.db.change(DELETE_GROUP, id);
    return locked.map(({ userId }) => userId);
  }

  /**
   * Removes a user from all conversations; their users row is locked and marked as removed already. Each step is its own
   * statement: it must see the commits of transactions for which the one before it waited.
   */
  async leaveAll(
    tx: Transaction,
    userId: UserId,
  ): Promise<{ left: Left[]; successors: ReadonlyMap<ConversationId, UserId> }> {
    const own = await tx.db.many(LOCK_ALL_OF, userId);
    const successors = new Map(
      (await tx.db.many(SUCCESSORS_OF, userId)).map((row) => [row.conversationId, row.userId]),
    );
    const [groupIds, ownerIds] = [[...successors.keys()], [...successors.values()]];
    await tx.db.many(LOCK_MEMBERS, [...own.map(({ id }) => id), ...groupIds], [...own.map(() => userId), ...ownerIds]);
    await tx.db.change(MAKE_OWNERS, groupIds, ownerIds);
    const left = await tx.db.many(COUNT_OUT_OF_ALL, userId);
    await tx.manager.withRepository(this.rows).delete({ userId });
    return { left, successors };
  }
}
