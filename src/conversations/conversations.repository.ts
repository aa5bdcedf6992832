import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { ConversationId, UserId } from '../common/ids.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';
import { ConversationEntity } from './conversation.entity.js';
import type { Marker, Membership } from './membership.js';

/** Indexes: members_pkey, conversations_pkey. */
const FIND = statement<[conversationId: ConversationId, userId: UserId], Membership>(
  'conversations.find',
  `SELECT c.id AS "conversationId", c.kind, c.name, c.user_a AS "userA", c.user_b AS "userB",
     c.last_seq AS "lastSeq", c.members_version AS "membersVersion", c.member_count AS "memberCount",
     c.created_at AS "createdAt", m.role, m.joined_seq AS "joinedSeq", m.delivered_seq AS "deliveredSeq",
     m.read_seq AS "readSeq", m.joined_at AS "joinedAt"
   FROM members m JOIN conversations c ON c.id = m.conversation_id
   WHERE m.conversation_id = $1 AND m.user_id = $2 AND c.deleted_at IS NULL`,
);

/** Index: users_pkey. Locks the users that exist, in id order: none of them is removed, and none of them blocks anyone, before COMMIT. */
const SHARE_USERS = statement<[userIds: readonly UserId[]], { id: UserId }>(
  'conversations.share-users',
  `SELECT id FROM users WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR SHARE`,
);

/** Indexes: blocks_pkey, conversations_pkey. Waits for a transaction that is opening the same pair. Returns no row if the pair is open already or the sender is blocked. */
const OPEN = statement<
  [id: ConversationId, userA: UserId, userB: UserId, senderId: UserId, recipientId: UserId, memberCount: number],
  { membersVersion: number }
>(
  'conversations.open',
  `INSERT INTO conversations (id, kind, user_a, user_b, member_count)
   SELECT $1::uuid, 0, $2::uuid, $3::uuid, $6::integer
   WHERE NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = $5 AND b.blocked_id = $4)
   ON CONFLICT (id) DO NOTHING
   RETURNING members_version AS "membersVersion"`,
);

/** Inserts only. */
const ENTER = statement<[id: ConversationId, userIds: readonly UserId[]], never>(
  'conversations.enter',
  `INSERT INTO members (conversation_id, user_id) SELECT $1::uuid, unnest($2::uuid[])`,
);

/**
 * Indexes: members_pkey, conversations_pkey. Locks the members that move, sorted by (conversation, user): in the order of
 * the arrays, two concurrent ones deadlock. HOT updates. Returns those that moved.
 */
const MARK = statement<
  [
    conversationIds: readonly ConversationId[],
    userIds: readonly UserId[],
    deliveredSeqs: readonly number[],
    readSeqs: readonly number[],
  ],
  Marker
>(
  'conversations.mark',
  `WITH wanted AS MATERIALIZED (
     SELECT conversation_id, user_id, max(delivered_seq) AS delivered_seq, max(read_seq) AS read_seq
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS w (conversation_id, user_id, delivered_seq, read_seq)
     GROUP BY conversation_id, user_id
   ), locked AS MATERIALIZED (
     SELECT m.conversation_id, m.user_id, w.delivered_seq, w.read_seq
     FROM wanted w
     JOIN members m ON m.conversation_id = w.conversation_id AND m.user_id = w.user_id
     JOIN conversations c ON c.id = w.conversation_id
     WHERE w.delivered_seq <= c.last_seq AND (m.delivered_seq < w.delivered_seq OR m.read_seq < w.read_seq)
     ORDER BY m.conversation_id, m.user_id FOR NO KEY UPDATE OF m
   )
   UPDATE members m SET delivered_seq = greatest(m.delivered_seq, l.delivered_seq), read_seq = greatest(m.read_seq, l.read_seq)
   FROM locked l
   WHERE m.conversation_id = l.conversation_id AND m.user_id = l.user_id
   RETURNING m.conversation_id AS "conversationId", m.user_id AS "userId",
     m.delivered_seq AS "deliveredSeq", m.read_seq AS "readSeq"`,
);

@Injectable()
export class ConversationsRepository {
  constructor(
    @InjectRepository(ConversationEntity, DATA_SOURCE) private readonly rows: Repository<ConversationEntity>,
  ) {}

  find(tx: Tx, conversationId: ConversationId, userId: UserId): Promise<Membership | undefined> {
    return tx.db.maybe(FIND, conversationId, userId);
  }

  /** Holds these users until the transaction ends: they are neither removed nor block anyone meanwhile. Answers those that exist. */
  async shareUsers(tx: Transaction, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    return new Set((await tx.db.many(SHARE_USERS, userIds)).map(({ id }) => id));
  }

  /** Creates the pair's conversation with its members. @returns its `members_version`, or undefined if it was open or the sender is blocked */
  async open(
    tx: Transaction,
    id: ConversationId,
    userIds: readonly UserId[],
    senderId: UserId,
    recipientId: UserId,
  ): Promise<number | undefined> {
    const [userA = senderId, userB = userA] = userIds.toSorted();
    const opened = await tx.db.maybe(OPEN, id, userA, userB, senderId, recipientId, userIds.length);
    if (opened) await tx.db.change(ENTER, id, userIds);
    return opened?.membersVersion;
  }

  exists(tx: Tx, id: ConversationId): Promise<boolean> {
    return tx.manager.withRepository(this.rows).existsBy({ id });
  }

  /** Moves markers forward, never back and never beyond the log; `readSeq <= deliveredSeq` in each. Answers those that moved. */
  mark(tx: Tx, markers: readonly Marker[]): Promise<Marker[]> {
    return tx.db.many(
      MARK,
      markers.map(({ conversationId }) => conversationId),
      markers.map(({ userId }) => userId),
      markers.map(({ deliveredSeq }) => deliveredSeq),
      markers.map(({ readSeq }) => readSeq),
    );
  }
}
