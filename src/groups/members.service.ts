import { Injectable } from '@nestjs/common';
import { BlocksService } from '../blocks/blocks.service.js';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isId, isMoment } from '../common/cursor.js';
import { LOWEST_ID, type UserId } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { forbidden, groupFull, notAMember, recipientBlockedYou, userNotFound } from '../common/problems.js';
import { Settings } from '../config/settings.js';
import { RoleNumber } from '../conversations/member.entity.js';
import type { LockedGroup, MemberRow } from '../conversations/membership.js';
import { MembershipsService } from '../conversations/memberships.service.js';
import type { Transaction } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import type { Member, MemberPage } from './groups.dto.js';
import { GroupsRepository, type MemberKey } from './groups.repository.js';
import { GroupsService } from './groups.service.js';
import { mayChange, mayManage, mayRemove, roleName, type Role } from './roles.js';

/** The next page begins after this member. */
const memberCursor = new CursorKind<[joinedAt: string, userId: UserId]>('gm1', isMoment, isId);

const START: MemberKey = { joinedAt: '-infinity', userId: LOWEST_ID };

/** A member as they are now, and whether they were added by this. */
export interface PutResult {
  readonly member: Member;
  readonly added: boolean;
}

/** The members of groups and their roles. */
@Injectable()
export class MembersService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly settings: Settings,
    private readonly users: UsersService,
    private readonly blocks: BlocksService,
    private readonly groups: GroupsService,
    private readonly memberships: MembershipsService,
    private readonly repository: GroupsRepository,
  ) {}

  /** Longest-standing first. @throws group-not-found (404), malformed (400): the cursor */
  async list(me: ActingUser, groupId: string, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<MemberPage> {
    const { id } = await this.groups.get(me, groupId);
    const after = memberKeyOf(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.members(this.work.now, id, after, atMost),
      (last) => memberCursor.encode(last.joinedAt.toISOString(), last.userId),
    );
    return { items: await this.membersOf(rows), ...next };
  }

  /**
   * Adds a user, or gives a member another role; if they have that role already, it changes nothing. If an owner makes another
   * member owner, the old owner becomes an admin.
   *
   * @throws group-not-found, user-not-found (404), forbidden, recipient-blocked-you (403), group-full (422)
   */
  async put(me: ActingUser, groupId: string, address: string, role?: Role): Promise<PutResult> {
    await this.groups.get(me, groupId); // first, so that a caller who is not in the group learns nothing else
    const { id } = await this.users.get(address, me);
    const { row, added } = await this.work.run(async (tx) => {
      const present = await this.memberships.shareUsers(tx, [id]);
      if (!present.has(id)) throw userNotFound();
      const { group, actor, target } = await this.groups.lock(tx, me, groupId, id);
      const to = role === undefined ? (target?.role ?? RoleNumber.member) : RoleNumber[role];
      if (!mayChange(actor.role, target?.role, to)) throw forbidden('Your role in the group does not allow this.');
      if (target?.role === to) return { row: target, added: false };
      const member = target ?? (await this.add(tx, me, group, id));
      if (member.role !== to) await this.memberships.setRoles(tx, group, rolesAfter(id, to, me.userId));
      return { row: { ...member, role: to }, added: target === undefined };
    });
    const [member] = await this.membersOf([row]);
    return { member: member!, added };
  }

  /**
   * Removes a member, or lets the caller leave. If the owner leaves, the longest-standing admin, else member, becomes owner; if
   * the last member leaves, the group is deleted.
   *
   * @throws group-not-found, user-not-found, not-a-member (404), forbidden (403)
   */
  async remove(me: ActingUser, groupId: string, address: string): Promise<void> {
    await this.groups.get(me, groupId); // first, so that a caller who is not in the group learns nothing else
    const user = await this.users.find(address, me);
    if (!user) throw userNotFound();
    await this.work.run(async (tx) => {
      const { group, actor, target } = await this.groups.lock(tx, me, groupId, user.id);
      const leaves = user.id === me.userId;
      if (!leaves && !mayManage(actor.role)) throw forbidden('Owner and admins remove members.');
      if (!target) throw notAMember();
      if (!leaves && !mayRemove(actor.role, target.role)) throw forbidden('An admin removes plain members only.');
      await this.memberships.remove(tx, group, target);
    });
  }

  private async add(tx: Transaction, me: ActingUser, group: LockedGroup, userId: UserId): Promise<MemberRow> {
    const blockers = await this.blocks.blockersAmong(tx, me.userId, [userId]);
    if (blockers.length > 0) throw recipientBlockedYou();
    if (group.memberCount >= this.settings.groupMaxMembers) throw groupFull();
    return this.memberships.add(tx, group, userId, RoleNumber.member);
  }

  private async membersOf(rows: readonly MemberRow[]): Promise<Member[]> {
    const names = await this.users.summaries(rows.map(({ userId }) => userId));
    return rows.map(({ userId, role, joinedAt }) => ({ user: names.get(userId)!, role: roleName(role), joinedAt }));
  }
}

/** A group has one owner: an owner who hands the group over becomes an admin. */
const rolesAfter = (userId: UserId, role: RoleNumber, ownerId: UserId): ReadonlyMap<UserId, RoleNumber> =>
  new Map<UserId, RoleNumber>([
    [userId, role],
    ...(role === RoleNumber.owner ? [[ownerId, RoleNumber.admin] as const] : []),
  ]);

function memberKeyOf(cursor?: string): MemberKey {
  if (cursor === undefined) return START;
  const [joinedAt, userId] = memberCursor.decode(cursor);
  return { joinedAt, userId };
}
