import { Injectable } from '@nestjs/common';
import { newId, type ConversationId, type UserId } from '../common/ids.js';
import { groupNotFound } from '../common/problems.js';
import type { Transaction } from '../database/tx.js';
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

  /** Holds users who are to be added: they are neither removed nor block anyone before COMMIT. Answers those that exist. */
  shareUsers(tx: Transaction, userIds: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    return this.conversations.shareUsers(tx, userIds);
  }

  /** @throws group-not-found (404) */
  async lockGroup(tx: Transaction, id: ConversationId): Promise<LockedGroup> {
    const group = await this.members.lock(tx, id);
    if (!group) throw groupNotFound();
    return group;
  }

  /** Those of the users who are members of the group. */
  among(tx: Transaction, group: LockedGroup, userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, MemberRow>> {
    return this.members.among(tx, group.id, userIds);
  }

  /** Makes a group; `memberIds` are held by `shareUsers`, without the owner, each once. */
  async create(tx: Transaction, name: string, ownerId: UserId, memberIds: readonly UserId[]): Promise<ConversationId> {
    const id = newId();
    await this.members.create(tx, id, name, ownerId, memberIds);
    const who = affectedUsers([ownerId, ...memberIds]);
    tx.emit({ name: 'members.joined', data: { conversationId: id, membersVersion: 1, joinedSeq: 0, ...who } });
    return id;
  }

  /** Adds a user who is held by `shareUsers` and is no member. They read from here on, also when they come back. */
  async add(tx: Transaction, group: LockedGroup, userId: UserId, role: RoleNumber): Promise<MemberRow> {
    const { joinedAt, ...joined } = await this.members.join(tx, group.id, userId, role);
    tx.emit({ name: 'members.joined', data: { conversationId: group.id, ...joined, userIds: [userId] } });
    return { userId, role, joinedAt };
  }

  /** Gives members other roles. Who makes an owner makes the old one something else in the same call. */
  async setRoles(tx: Transaction, group: LockedGroup, roles: ReadonlyMap<UserId, RoleNumber>): Promise<void> {
    const membersVersion = await this.members.setRoles(tx, group.id, roles);
    const userIds = [...roles.keys()];
    tx.emit({ name: 'member.role-changed', data: { conversationId: group.id, membersVersion, userIds } });
  }

  /**
   * Removes a member. If the member is the owner, the longest-standing admin, else member, becomes owner; if no member is
   * left, the group is deleted.
   */
  async remove(tx: Transaction, group: LockedGroup, { userId, role }: MemberRow): Promise<void> {
    const successor = role === RoleNumber.owner ? await this.members.successor(tx, group.id, userId) : undefined;
    if (successor !== undefined) {
      const handOver = new Map([[userId, RoleNumber.admin] as const, [successor, RoleNumber.owner] as const]);
      await this.setRoles(tx, group, handOver);
    }
    const { membersVersion, deleted } = await this.members.leave(tx, group.id, userId);
    this.emitLeft(tx, group.id, userId, membersVersion, deleted);
  }

  async rename(tx: Transaction, group: LockedGroup, name: string): Promise<void> {
    await this.members.rename(tx, group.id, name);
    tx.emit({ name: 'group.renamed', data: { conversationId: group.id } });
  }

  async deleteGroup(tx: Transaction, group: LockedGroup): Promise<void> {
    const userIds = await this.members.deleteGroup(tx, group.id);
    tx.emit({ name: 'group.deleted', data: { conversationId: group.id, ...affectedUsers(userIds) } });
  }

  /** Takes a user who is being removed out of everything; their users row is locked and marked already. */
  async removeUser(tx: Transaction, userId: UserId): Promise<void> {
    const { left, successors } = await this.members.leaveAll(tx, userId);
    for (const { conversationId, kind, membersVersion, deleted } of left) {
      const successor = successors.get(conversationId);
      if (successor !== undefined) {
        tx.emit({ name: 'member.role-changed', data: { conversationId, membersVersion, userIds: [successor] } });
      }
      this.emitLeft(tx, conversationId, userId, membersVersion, deleted && kind === Kind.group);
    }
  }

  private emitLeft(
    tx: Transaction,
    conversationId: ConversationId,
    userId: UserId,
    membersVersion: number,
    groupDeleted: boolean,
  ): void {
    tx.emit({ name: 'members.left', data: { conversationId, membersVersion, userIds: [userId] } });
    if (groupDeleted) tx.emit({ name: 'group.deleted', data: { conversationId, userIds: [userId] } });
  }
}
