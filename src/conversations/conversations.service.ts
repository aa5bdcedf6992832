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

/** Direct conversations, and the parts they share with groups: naming one, membership, markers. */
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
   * The conversation that `{conversation}` names: by its id, one that the caller is in; by a user's address, the direct
   * conversation with that user, which may not be open yet. A removed user can be named by id.
   *
   * @throws conversation-not-found (404), user-not-found (404): no user has this `@name` or `ext:…`
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
   * Creates the direct conversation of two users (or of one with themselves) for its first message, in a transaction of its
   * own. If another send has created it already, this checks no block: the append that follows checks everything.
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

  /** @returns whether the marker moved: it does not if `seq` is read already or is beyond the log. A read message is delivered too. */
  markRead(userId: UserId, conversationId: ConversationId, seq: number): Promise<boolean> {
    return this.markOne({ conversationId, userId, deliveredSeq: seq, readSeq: seq });
  }

  /** @returns whether the marker moved: it does not if `seq` is delivered already or is beyond the log. */
  markDelivered(userId: UserId, conversationId: ConversationId, seq: number): Promise<boolean> {
    return this.markOne({ conversationId, userId, deliveredSeq: seq, readSeq: 0 });
  }

  /** Moves many markers in one statement, each as far as it may. @returns the new values of those that moved */
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
