import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { UserId } from '../common/ids.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';
import { BlockEntity } from './block.entity.js';

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

/** Index: blocks_pkey; reads and sorts all that one user has blocked. Newest first. */
const LIST = statement<[blockerId: UserId, createdAt: string, blockedId: UserId, limit: number], BlockRow>(
  'blocks.list',
  `SELECT blocked_id AS "blockedId", created_at AS "createdAt" FROM blocks
   WHERE blocker_id = $1 AND (created_at, blocked_id) < ($2::timestamptz, $3::uuid)
   ORDER BY created_at DESC, blocked_id DESC LIMIT $4`,
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

/** Index: users_pkey. */
const VERSION = statement<[userId: UserId], { blocksVersion: number }>(
  'blocks.version',
  `SELECT blocks_version AS "blocksVersion" FROM users WHERE id = $1`,
);

@Injectable()
export class BlocksRepository {
  constructor(@InjectRepository(BlockEntity, DATA_SOURCE) private readonly rows: Repository<BlockEntity>) {}

  /** Locks the blocker and answers their new `blocksVersion`; undefined where they were removed. */
  async countUp(tx: Transaction, blockerId: UserId): Promise<number | undefined> {
    return (await tx.db.maybe(COUNT_UP, blockerId))?.blocksVersion;
  }

  /** Undefined where it is there already. */
  add(tx: Tx, blockerId: UserId, blockedId: UserId): Promise<BlockRow | undefined> {
    return tx.db.maybe(ADD, blockerId, blockedId);
  }

  /** Whether there was one. */
  async remove(tx: Tx, blockerId: UserId, blockedId: UserId): Promise<boolean> {
    const { affected } = await tx.manager.withRepository(this.rows).delete({ blockerId, blockedId });
    return affected === 1;
  }

  async removeAllSetBy(tx: Tx, blockerId: UserId): Promise<void> {
    await tx.manager.withRepository(this.rows).delete({ blockerId });
  }

  list(tx: Tx, blockerId: UserId, before: BlockKey, limit: number): Promise<BlockRow[]> {
    return tx.db.many(LIST, blockerId, before.createdAt, before.blockedId, limit);
  }

  async blockersAmong(tx: Transaction, blockedId: UserId, userIds: readonly UserId[]): Promise<UserId[]> {
    return (await tx.db.many(BLOCKERS_AMONG, blockedId, userIds)).map(({ blockerId }) => blockerId);
  }

  between(tx: Tx, userId: UserId, otherId: UserId): Promise<{ blocked: boolean; blocksYou: boolean }> {
    return tx.db.one(BETWEEN, userId, otherId);
  }

  async version(tx: Tx, userId: UserId): Promise<number | undefined> {
    return (await tx.db.maybe(VERSION, userId))?.blocksVersion;
  }
}
