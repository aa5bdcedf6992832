import { Injectable } from '@nestjs/common';
import { newId, type ConversationId, type UserId } from '../common/ids.js';
import { groupNotFound } from '../common/problems.js';
import type { Tx } from '../database/unit-of-work.js';
import { affectedUsers } from '../events/events.js';
import { Kind } from './conversation.entity.js';
import { ConversationsRepository } from './conversations.repository.js';
import { RoleNumber } from './member.entity.js';
import { MembersRepository } from './members.repository.js';
import type { LockedGroup, MemberRow } from './membership.js';

/**
 * The members of groups and their roles: keeps one owner per group, `member_count` and `members_version`, and emits the
 * events of a change. The caller checks permissions.
 *
 * The order in a transaction: `shareUsers` for the users to add, then `lockGroup`, then `among` to check permissions, then the
 * change. A method that takes a LockedGroup relies on that lock.
 */
@Injectable()
export class MembershipsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly members: MembersRepository,
  ) {}

  /** Locks users who are to be added: until COMMIT they are not removed and block nobody. @returns those that exist */
  shareUsers(tx: Tx, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    return this.conversations.shareUsers(tx.db, userIds);
  }

  /** @throws group-not-found (404) */
  async lockGroup(tx: Tx, id: ConversationId): Promise<LockedGroup> {
    const group = await this.members.lock(tx.db, id);
    if (!group) throw groupNotFound();
    return group;
  }

  /** @returns those of the users who are members of the group */
  among(tx: Tx, group: LockedGroup, userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, MemberRow>> {
    return this.members.among(tx.db, group.id, userIds);
  }

  /** Creates a group. @param memberIds locked by `shareUsers`, without the owner, each once */
  async create(tx: Tx, name: string, ownerId: UserId, memberIds: readonly UserId[]): Promise<ConversationId> {
    const id = newId();
    await this.members.create(tx.db, id, name, ownerId, memberIds);
    const affected = affectedUsers([ownerId, ...memberIds]);
    tx.emit({ name: 'members.joined', data: { conversationId: id, membersVersion: 1, joinedSeq: 0, ...affected } });
    return id;
  }

  /** Adds a user who is locked by `shareUsers` and is no member. They read from the next message on, also if they were a member before. */
  async add(tx: Tx, group: LockedGroup, userId: UserId, role: RoleNumber): Promise<MemberRow> {
    const { joinedAt, ...joined } = await this.members.join(tx.db, group.id, userId, role);
    tx.emit({ name: 'members.joined', data: { conversationId: group.id, ...joined, userIds: [userId] } });
    return { userId, role, joinedAt };
  }

  /** Gives members other roles. A call that makes a new owner also gives the old owner another role. */
  async setRoles(tx: Tx, group: LockedGroup, roles: ReadonlyMap<UserId, RoleNumber>): Promise<void> {
    const membersVersion = await this.members.setRoles(tx.db, group.id, roles);
    const userIds = [...roles.keys()];
    tx.emit({ name: 'member.role-changed', data: { conversationId: group.id, membersVersion, userIds } });
  }

  /**
   * Removes a member. If the member is the owner, the longest-standing admin, else member, becomes owner; if no member is
   * left, the group is deleted.
   */
  async remove(tx: Tx, group: LockedGroup, { userId, role }: MemberRow): Promise<void> {
    const successor = role === RoleNumber.owner ? await this.members.successor(tx.db, group.id, userId) : undefined;
    if (successor !== undefined) {
      const handOver = new Map([[userId, RoleNumber.admin] as const, [successor, RoleNumber.owner] as const]);
      await this.setRoles(tx, group, handOver);
    }
    const { membersVersion, deleted } = await this.members.leave(tx.db, group.id, userId);
    this.emitLeft(tx, group.id, userId, membersVersion, deleted);
  }

  async rename(tx: Tx, group: LockedGroup, name: string): Promise<void> {
    await this.members.rename(tx.db, group.id, name);
    tx.emit({ name: 'group.renamed', data: { conversationId: group.id } });
  }

  async deleteGroup(tx: Tx, group: LockedGroup): Promise<void> {
    const userIds = await this.members.deleteGroup(tx.db, group.id);
    tx.emit({ name: 'group.deleted', data: { conversationId: group.id, ...affectedUsers(userIds) } });
  }

  /** Removes a user from all conversations when they are removed; their users row is locked and marked already. */
  async removeUser(tx: Tx, userId: UserId): Promise<void> {
    const { left, successors } = await this.members.leaveAll(tx.db, userId);
    for (const { conversationId, kind, membersVersion, deleted } of left) {
      const successor = successors.get(conversationId);
      if (successor !== undefined) {
        tx.emit({ name: 'member.role-changed', data: { conversationId, membersVersion, userIds: [successor] } });
      }
      this.emitLeft(tx, conversationId, userId, membersVersion, deleted && kind === Kind.group);
    }
  }

  private emitLeft(
    tx: Tx,
    conversationId: ConversationId,
    userId: UserId,
    membersVersion: number,
    groupDeleted: boolean,
  ): void {
    tx.emit({ name: 'members.left', data: { conversationId, membersVersion, userIds: [userId] } });
    if (groupDeleted) tx.emit({ name: 'group.deleted', data: { conversationId, userIds: [userId] } });
  }
}
