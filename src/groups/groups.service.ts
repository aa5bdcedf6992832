import { Injectable } from '@nestjs/common';
import { BlocksService } from '../blocks/blocks.service.js';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isId } from '../common/cursor.js';
import { HIGHEST_ID, isUuid, type ConversationId, type UserId } from '../common/ids.js';
import { readPage } from '../common/page.js';
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
import type { Transaction, Tx } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import type { CreateGroup, Group, GroupPage } from './groups.dto.js';
import { GroupsRepository, type GroupRow } from './groups.repository.js';
import { mayManage, roleName } from './roles.js';

/** The next page begins before this group. */
const groupCursor = new CursorKind<[beforeId: ConversationId]>('g1', isId);

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
      return this.read(tx, me, id);
    });
  }

  /** @throws group-not-found (404) */
  get(me: ActingUser, id: string): Promise<Group> {
    return this.read(this.work.now, me, id);
  }

  /** The caller's groups, newest first. @throws malformed (400): the cursor */
  async list(me: ActingUser, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<GroupPage> {
    const [beforeId] = cursor === undefined ? [HIGHEST_ID] : groupCursor.decode(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.listOf(this.work.now, me.userId, beforeId, atMost),
      ({ conversationId }) => groupCursor.encode(conversationId),
    );
    return { items: rows.map(groupOf), ...next };
  }

  /** @throws group-not-found (404), forbidden (403): a plain member */
  rename(me: ActingUser, id: string, name: string): Promise<Group> {
    return this.work.run(async (tx) => {
      const { group, actor } = await this.lock(tx, me, id);
      if (!mayManage(actor.role)) throw forbidden('Owner and admins rename a group.');
      await this.memberships.rename(tx, group, name);
      return this.read(tx, me, group.id);
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
    tx: Transaction,
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

  private async read(tx: Tx, me: ActingUser, id: string): Promise<Group> {
    const row = isUuid(id) ? await this.conversations.find(tx, id, me.userId) : undefined;
    if (row?.kind !== Kind.group) throw groupNotFound();
    return groupOf(row);
  }
}

const groupOf = ({ conversationId, name, memberCount, role, createdAt }: GroupRow): Group => ({
  id: conversationId,
  name: name ?? '',
  memberCount,
  role: roleName(role),
  createdAt,
});
