import { Injectable } from '@nestjs/common';
import { BlocksService } from '../blocks/blocks.service.js';
import type { ActingUser } from '../common/caller.js';
import { CursorKind } from '../common/cursor.js';
import { isUuid, type ConversationId, type UserId } from '../common/ids.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import {
  forbidden,
  groupFull,
  groupNotFound,
  notSignedIn,
  recipientBlockedYou,
  userNotFound,
} from '../common/problems.js';
import { Settings } from '../config/settings.js';
import { Kind } from '../conversations/conversation.entity.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { RoleNumber } from '../conversations/member.entity.js';
import type { LockedGroup, MemberRow } from '../conversations/membership.js';
import { MembershipsService } from '../conversations/memberships.service.js';
import type { Db } from '../database/db.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import type { CreateGroup, Group, GroupPage } from './groups.dto.js';
import { GroupsRepository, type GroupRow } from './groups.repository.js';
import { mayManage, roleName } from './roles.js';

/** The next page begins before this group. */
const groupCursor = new CursorKind<[beforeId: ConversationId]>(
  'g1',
  ([id, ...rest]) => typeof id === 'string' && isUuid(id) && rest.length === 0,
);

const HIGHEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Reading and changing groups. A caller who is not a member gets group-not-found, as if the group did not exist. */
@Injectable()
export class GroupsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly settings: Settings,
    private readonly users: UsersService,
    private readonly blocks: BlocksService,
    private readonly conversations: ConversationsService,
    private readonly memberships: MembershipsService,
    private readonly repository: GroupsRepository,
  ) {}

  /** @throws user-not-found (404), recipient-blocked-you (403): both name the users; group-full (422) */
  async create(me: ActingUser, { name, members = [] }: CreateGroup): Promise<Group> {
    const named = await this.users.getAll(members, me);
    named.delete(me.userId);
    const userIds = [...named.keys()];
    const addresses = (ids: Iterable<UserId>): string => [...ids].map((id) => named.get(id)).join(', ');
    if (userIds.length + 1 > this.settings.groupMaxMembers) throw groupFull();
    return this.work.run(async (tx) => {
      const present = await this.memberships.shareUsers(tx, [me.userId, ...userIds]);
      if (!present.has(me.userId)) throw notSignedIn();
      const missing = userIds.filter((id) => !present.has(id));
      if (missing.length > 0) throw userNotFound(`There is no such user: ${addresses(missing)}.`);
      const blockers = await this.blocks.blockersAmong(tx, me.userId, userIds);
      if (blockers.length > 0) throw recipientBlockedYou(`You are blocked by ${addresses(blockers)}.`);
      const id = await this.memberships.create(tx, name, me.userId, userIds);
      return this.get(me, id, tx.db);
    });
  }

  /** @throws group-not-found (404) */
  async get(me: ActingUser, id: string, db?: Db): Promise<Group> {
    const row = isUuid(id) ? await this.conversations.find(id, me.userId, db) : undefined;
    if (row?.kind !== Kind.group) throw groupNotFound();
    return groupOf(row);
  }

  /** The caller's groups, newest first. @throws malformed (400): the cursor */
  async list(me: ActingUser, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<GroupPage> {
    const [beforeId] = cursor === undefined ? [HIGHEST_ID] : groupCursor.decode(cursor);
    const rows = await this.repository.listOf(me.userId, beforeId, limit + 1);
    const items = rows.slice(0, limit).map(groupOf);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return last ? { items, next: groupCursor.encode(last.id) } : { items };
  }

  /** @throws group-not-found (404), forbidden (403): a plain member */
  rename(me: ActingUser, id: string, name: string): Promise<Group> {
    return this.work.run(async (tx) => {
      const { group, actor } = await this.lock(tx, me, id);
      if (!mayManage(actor.role)) throw forbidden('Owner and admins rename a group.');
      await this.memberships.rename(tx, group, name);
      return this.get(me, group.id, tx.db);
    });
  }

  /** @throws group-not-found (404), forbidden (403): not the owner */
  remove(me: ActingUser, id: string): Promise<void> {
    return this.work.run(async (tx) => {
      const { group, actor } = await this.lock(tx, me, id);
      if (actor.role !== RoleNumber.owner) throw forbidden('The owner alone deletes a group.');
      await this.memberships.deleteGroup(tx, group);
    });
  }

  /**
   * Locks the group and then reads the roles of the caller and of the user who is to change.
   *
   * @throws group-not-found (404)
   */
  async lock(
    tx: Tx,
    me: ActingUser,
    id: string,
    targetId: UserId = me.userId,
  ): Promise<{ group: LockedGroup; actor: MemberRow; target?: MemberRow }> {
    if (!isUuid(id)) throw groupNotFound();
    const group = await this.memberships.lockGroup(tx, id);
    const found = await this.memberships.among(tx, group, [me.userId, targetId]);
    const actor = found.get(me.userId);
    if (!actor) throw groupNotFound();
    const target = found.get(targetId);
    return { group, actor, ...(target && { target }) };
  }
}

const groupOf = ({ conversationId, name, memberCount, role, createdAt }: GroupRow): Group => ({
  id: conversationId,
  name: name ?? '',
  memberCount,
  role: roleName(role),
  createdAt,
});
