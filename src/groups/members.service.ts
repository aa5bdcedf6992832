import { Injectable } from '@nestjs/common';
import { BlocksService } from '../blocks/blocks.service.js';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isMoment } from '../common/cursor.js';
import { isUuid, type UserId } from '../common/ids.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { forbidden, groupFull, notAMember, recipientBlockedYou, userNotFound } from '../common/problems.js';
import { Settings } from '../config/settings.js';
import { RoleNumber } from '../conversations/member.entity.js';
import type { LockedGroup, MemberRow } from '../conversations/membership.js';
import { MembershipsService } from '../conversations/memberships.service.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import type { Member, MemberPage } from './groups.dto.js';
import { GroupsRepository, type MemberPlace } from './groups.repository.js';
import { GroupsService } from './groups.service.js';
import { mayChange, mayManage, mayRemove, roleName, type Role } from './roles.js';

/** The next page begins after this member. */
const memberCursor = new CursorKind<[joinedAt: string, userId: UserId]>(
  'gm1',
  ([joinedAt, userId, ...rest]) =>
    isMoment(joinedAt) && typeof userId === 'string' && isUuid(userId) && rest.length === 0,
);

const START: MemberPlace = { joinedAt: '-infinity', userId: '00000000-0000-0000-0000-000000000000' };

/** A member as they are now, and whether they were none before. */
export interface PutResult {
  readonly member: Member;
  readonly added: boolean;
}

/** Who is in a group, and as what. */
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
    const rows = await this.repository.members(id, placeOf(cursor), limit + 1);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    const items = await this.membersOf(shown);
    return last ? { items, next: memberCursor.encode(last.joinedAt.toISOString(), last.userId) } : { items };
  }

  /**
   * Adds a user, or gives a member another role; asked for what is so already, it changes nothing. Making somebody
   * owner makes the caller, who was, an admin.
   *
   * @throws group-not-found, user-not-found (404), forbidden, recipient-blocked-you (403), group-full (422)
   */
  async put(me: ActingUser, groupId: string, address: string, role?: Role): Promise<PutResult> {
    await this.groups.get(me, groupId); // first: to who is not in the group, nothing else is said
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
   * Takes a member out; oneself: leaves. Where the owner leaves, the longest-standing admin, else member, becomes
   * owner; the last one to leave deletes the group.
   *
   * @throws group-not-found, user-not-found, not-a-member (404), forbidden (403)
   */
  async remove(me: ActingUser, groupId: string, address: string): Promise<void> {
    await this.groups.get(me, groupId); // first: to who is not in the group, nothing else is said
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

  private async add(tx: Tx, me: ActingUser, group: LockedGroup, userId: UserId): Promise<MemberRow> {
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

/** There is one owner: who hands the group over becomes an admin. */
const rolesAfter = (userId: UserId, role: RoleNumber, ownerId: UserId): ReadonlyMap<UserId, RoleNumber> =>
  new Map<UserId, RoleNumber>([
    [userId, role],
    ...(role === RoleNumber.owner ? [[ownerId, RoleNumber.admin] as const] : []),
  ]);

function placeOf(cursor?: string): MemberPlace {
  if (cursor === undefined) return START;
  const [joinedAt, userId] = memberCursor.decode(cursor);
  return { joinedAt, userId };
}
