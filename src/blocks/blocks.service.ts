import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isId, isMoment } from '../common/cursor.js';
import { LOWEST_ID, type UserId } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { alreadyBlocked, blockSelf, notBlocked, notSignedIn, userNotFound } from '../common/problems.js';
import type { Transaction, Tx } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { UserEntity } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { Block, BlockPage, BlockState } from './blocks.dto.js';
import { BlocksRepository, type BlockKey, type BlockRow } from './blocks.repository.js';

/** The next page begins before this block. */
const blockCursor = new CursorKind<[createdAt: string, blockedId: UserId]>('b1', isMoment, isId);

const START: BlockKey = { createdAt: 'infinity', blockedId: LOWEST_ID };

/** Blocks. A block is one-way: the blocker decides. */
@Injectable()
export class BlocksService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersService,
    private readonly repository: BlocksRepository,
  ) {}

  /** @throws block-self (422), already-blocked (409), user-not-found (404): also of a removed user */
  async add(me: ActingUser, address: string): Promise<Block> {
    const other = await this.users.get(address, me);
    if (other.id === me.userId) throw blockSelf();
    const row = await this.change(me.userId, other.id, true, async (tx) => {
      const added = await this.repository.add(tx, me.userId, other.id);
      if (!added) throw alreadyBlocked();
      return added;
    });
    const [block] = await this.blocksOf([row]);
    return block!;
  }

  /** Also of a user who was removed, by id. @throws user-not-found, not-blocked (404) */
  async remove(me: ActingUser, address: string): Promise<void> {
    const other = await this.find(me, address);
    await this.change(me.userId, other.id, false, async (tx) => {
      if (!(await this.repository.remove(tx, me.userId, other.id))) throw notBlocked();
    });
  }

  /** The blocks between the caller and a user, removed or not. @throws user-not-found (404) */
  async get(me: ActingUser, address: string): Promise<BlockState> {
    const { id } = await this.find(me, address);
    const [state, names] = await Promise.all([
      this.repository.between(this.work.now, me.userId, id),
      this.users.summaries([id]),
    ]);
    return { user: names.get(id)!, ...state };
  }

  /** Newest first. @throws malformed (400): the cursor */
  async list(me: ActingUser, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<BlockPage> {
    const before = blockKeyOf(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.list(this.work.now, me.userId, before, atMost),
      (last) => blockCursor.encode(last.createdAt.toISOString(), last.blockedId),
    );
    return { items: await this.blocksOf(rows), ...next };
  }

  /** Counts the user's blocks and unblocks. @throws not-signed-in (401): there is no such user */
  async blocksVersion(tx: Tx, userId: UserId): Promise<number> {
    const version = await this.repository.version(tx, userId);
    if (version === undefined) throw notSignedIn();
    return version;
  }

  /** Those of the users who have blocked this one, read in the transaction; exact for users whose rows it holds. */
  blockersAmong(tx: Transaction, blockedId: UserId, userIds: readonly UserId[]): Promise<UserId[]> {
    return this.repository.blockersAmong(tx, blockedId, userIds);
  }

  /** For the removal of a user, whose row the transaction has locked. Blocks against them stay. */
  removeAllSetBy(tx: Transaction, userId: UserId): Promise<void> {
    return this.repository.removeAllSetBy(tx, userId);
  }

  /** One transaction: locks the blocker, counts up, changes, and announces the change. */
  private change<T>(
    blockerId: UserId,
    blockedId: UserId,
    blocked: boolean,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.work.run(async (tx) => {
      const blocksVersion = await this.repository.countUp(tx, blockerId);
      if (blocksVersion === undefined) throw notSignedIn();
      const result = await work(tx);
      tx.emit({ name: 'block.changed', data: { blockerId, blockedId, blocked, blocksVersion } });
      return result;
    });
  }

  private async find(me: ActingUser, address: string): Promise<UserEntity> {
    const user = await this.users.find(address, me);
    if (!user) throw userNotFound();
    return user;
  }

  private async blocksOf(rows: readonly BlockRow[]): Promise<Block[]> {
    const names = await this.users.summaries(rows.map(({ blockedId }) => blockedId));
    return rows.map(({ blockedId, createdAt }) => ({ user: names.get(blockedId)!, createdAt }));
  }
}

function blockKeyOf(cursor?: string): BlockKey {
  if (cursor === undefined) return START;
  const [createdAt, blockedId] = blockCursor.decode(cursor);
  return { createdAt, blockedId };
}
