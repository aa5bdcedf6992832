import { Injectable } from '@nestjs/common';
import type { UserId } from '../common/ids.js';
import type { Db } from '../database/db.js';
import { statement } from '../database/statement.js';

/** One block, as its blocker lists it. */
export interface BlockRow {
  readonly blockedId: UserId;
  readonly createdAt: Date;
}

/** The block before which the next page of a list begins. */
export interface BlockKey {
  readonly createdAt: string;
  readonly blockedId: UserId;
}

/** Index: users_pkey. Locks the blocker's row, so that their blocks change one after the other, and never after they were removed. */
const COUNT_UP = statement<[blockerId: UserId], { blocksVersion: number }>(
  'blocks.count-up',
  `UPDATE users SET blocks_version = blocks_version + 1 WHERE id = $1 AND deleted_at IS NULL
   RETURNING blocks_version AS "blocksVersion"`,
);

/** Index: blocks_pkey, which decides between two concurrent ones. */
const ADD = statement<[blockerId: UserId, blockedId: UserId], BlockRow>(
  'blocks.add',
  `INSERT INTO blocks (blocker_id, blocked_id) VALUES ($1, $2) ON CONFLICT (blocker_id, blocked_id) DO NOTHING
   RETURNING blocked_id AS "blockedId", created_at AS "createdAt"`,
);

/** Index: blocks_pkey. */
const REMOVE = statement<[blockerId: UserId, blockedId: UserId], never>(
  'blocks.remove',
  `DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2`,
);

/** Index: blocks_pkey. */
const REMOVE_ALL_SET_BY = statement<[blockerId: UserId], never>(
  'blocks.remove-all-set-by',
  `DELETE FROM blocks WHERE blocker_id = $1`,
);

/** Index: blocks_pkey; reads and sorts all blocks of one user. Newest first. */
const LIST = statement<[blockerId: UserId, createdAt: string, blockedId: UserId, limit: number], BlockRow>(
  'blocks.list',
  `SELECT blocked_id AS "blockedId", created_at AS "createdAt" FROM blocks
   WHERE blocker_id = $1 AND (created_at, blocked_id) < ($2::timestamptz, $3::uuid)
   ORDER BY created_at DESC, blocked_id DESC LIMIT $4`,
);

/** Index: blocks_pkey. */
const BLOCKED_BY = statement<[blockerId: UserId], { blockedId: UserId }>(
  'blocks.blocked-by',
  `SELECT blocked_id AS "blockedId" FROM blocks WHERE blocker_id = $1`,
);

/** Index: blocks_blocked. */
const BLOCKERS_AMONG = statement<[blockedId: UserId, userIds: readonly UserId[]], { blockerId: UserId }>(
  'blocks.blockers-among',
  `SELECT blocker_id AS "blockerId" FROM blocks WHERE blocked_id = $1 AND blocker_id = ANY ($2::uuid[])`,
);

/** Index: blocks_pkey, both ways. */
const BETWEEN = statement<[userId: UserId, otherId: UserId], { blocked: boolean; blocksYou: boolean }>(
  'blocks.between',
  `SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = $2) AS blocked,
     EXISTS (SELECT FROM blocks WHERE blocker_id = $2 AND blocked_id = $1) AS "blocksYou"`,
);

/** Indexes: blocks_pkey, blocks_blocked. */
const EITHER_WAY = statement<[userId: UserId, otherIds: readonly UserId[]], { userId: UserId }>(
  'blocks.either-way',
  `SELECT blocked_id AS "userId" FROM blocks WHERE blocker_id = $1 AND blocked_id = ANY ($2::uuid[])
   UNION SELECT blocker_id FROM blocks WHERE blocked_id = $1 AND blocker_id = ANY ($2::uuid[])`,
);

/** Index: users_pkey. */
const VERSION = statement<[userId: UserId], { blocksVersion: number }>(
  'blocks.version',
  `SELECT blocks_version AS "blocksVersion" FROM users WHERE id = $1`,
);

@Injectable()
export class BlocksRepository {
  /** Locks the blocker. @returns their new `blocksVersion`; undefined if they were removed */
  async countUp(db: Db, blockerId: UserId): Promise<number | undefined> {
    return (await db.maybe(COUNT_UP, blockerId))?.blocksVersion;
  }

  /** Undefined if the block exists already. */
  add(db: Db, blockerId: UserId, blockedId: UserId): Promise<BlockRow | undefined> {
    return db.maybe(ADD, blockerId, blockedId);
  }

  /** @returns whether there was a block */
  async remove(db: Db, blockerId: UserId, blockedId: UserId): Promise<boolean> {
    return (await db.change(REMOVE, blockerId, blockedId)) === 1;
  }

  async removeAllSetBy(db: Db, blockerId: UserId): Promise<void> {
    await db.change(REMOVE_ALL_SET_BY, blockerId);
  }

  list(db: Db, blockerId: UserId, before: BlockKey, limit: number): Promise<BlockRow[]> {
    return db.many(LIST, blockerId, before.createdAt, before.blockedId, limit);
  }

  async blockedBy(db: Db, blockerId: UserId): Promise<UserId[]> {
    return (await db.many(BLOCKED_BY, blockerId)).map(({ blockedId }) => blockedId);
  }

  async blockersAmong(db: Db, blockedId: UserId, userIds: readonly UserId[]): Promise<UserId[]> {
    return (await db.many(BLOCKERS_AMONG, blockedId, userIds)).map(({ blockerId }) => blockerId);
  }

  between(db: Db, userId: UserId, otherId: UserId): Promise<{ blocked: boolean; blocksYou: boolean }> {
    return db.one(BETWEEN, userId, otherId);
  }

  async eitherWay(db: Db, userId: UserId, otherIds: readonly UserId[]): Promise<UserId[]> {
    return (await db.many(EITHER_WAY, userId, otherIds)).map((row) => row.userId);
  }

  async version(db: Db, userId: UserId): Promise<number | undefined> {
    return (await db.maybe(VERSION, userId))?.blocksVersion;
  }
}
