import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import { directConversationId, isUuid, type ConversationId, type UserId } from '../common/ids.js';
import {
  conversationNotFound,
  notSignedIn,
  recipientBlockedYou,
  recipientNotFound,
  userNotFound,
} from '../common/problems.js';
import type { Transaction, Tx } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import { UsersService } from '../users/users.service.js';
import { ConversationsRepository } from './conversations.repository.js';
import type { Marker, Membership } from './membership.js';
import { MembershipsService } from './memberships.service.js';

/** Direct conversations, and what is the same in them and in groups: naming one, being in it, having read it. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: EventBus,
    private readonly users: UsersService,
    private readonly repository: ConversationsRepository,
    private readonly memberships: MembershipsService,
  ) {}

  /**
   * The conversation that `{conversation}` names: one the caller is in by its id, or by someone's address their
   * direct conversation, which need not have been opened. A user who was removed can be named by id.
   *
   * @throws conversation-not-found (404), user-not-found (404): `@name` or `ext:…` of nobody
   */
  async resolve(me: ActingUser, ref: string): Promise<ConversationId> {
    const named = isUuid(ref) ? await this.find(this.work.now, ref, me.userId) : undefined;
    if (named) return named.conversationId;
    const other = await this.users.find(ref, me);
    if (!other) throw isUuid(ref) ? conversationNotFound() : userNotFound();
    return directConversationId(me.userId, other.id);
  }

  /** Undefined where there is no such conversation or the user is not in it. */
  find(tx: Tx, conversationId: ConversationId, userId: UserId): Promise<Membership | undefined> {
    return this.repository.find(tx, conversationId, userId);
  }

  /**
   * Makes the direct conversation of two users (or of one with themselves) where it is missing, for its first
   * message, in a transaction of its own. Where another send has opened it already nothing is decided here, as the
   * append that follows decides all.
   *
   * @throws recipient-not-found (404), recipient-blocked-you (403), not-signed-in (401): the sender was removed
   */
  async openDirect(senderId: UserId, recipientId: UserId): Promise<void> {
    const id = directConversationId(senderId, recipientId);
    const userIds = [...new Set([senderId, recipientId])];
    await this.work.run(async (tx) => {
      const present = await this.repository.shareUsers(tx, userIds);
      if (!present.has(senderId)) throw notSignedIn();
      if (!present.has(recipientId)) throw recipientNotFound();
      const membersVersion = await this.repository.open(tx, id, userIds, senderId, recipientId);
      if (membersVersion !== undefined) {
        tx.emit({ name: 'conversation.opened', data: { conversationId: id, membersVersion, userIds } });
      } else if (!(await this.repository.exists(tx, id))) {
        throw recipientBlockedYou();
      }
    });
  }

  /** Whether the marker moved: not where `seq` is read already or beyond the log. What is read is delivered too. */
  markRead(userId: UserId, conversationId: ConversationId, seq: number): Promise<boolean> {
    return this.markOne({ conversationId, userId, deliveredSeq: seq, readSeq: seq });
  }

  /** Whether the marker moved: not where `seq` is delivered already or beyond the log. */
  markDelivered(userId: UserId, conversationId: ConversationId, seq: number): Promise<boolean> {
    return this.markOne({ conversationId, userId, deliveredSeq: seq, readSeq: 0 });
  }

  /** Moves many markers in one statement, each as far as it may. Answers those that moved, as they now are. */
  async mark(markers: readonly Marker[]): Promise<Marker[]> {
    const moved = await this.repository.mark(this.work.now, markers);
    this.bus.publish(moved.map((data) => ({ name: 'receipt.moved', data })));
    return moved;
  }

  /** Takes a user out of all conversations, in the transaction that marked (and so locked) their users row. */
  removeUser(tx: Transaction, userId: UserId): Promise<void> {
    return this.memberships.removeUser(tx, userId);
  }

  private async markOne(marker: Marker): Promise<boolean> {
    return (await this.mark([marker])).length > 0;
  }
}
