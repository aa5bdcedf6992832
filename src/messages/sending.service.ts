import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { ActingUser } from '../common/caller.js';
import { directConversationId, isUuid, type ConversationId } from '../common/ids.js';
import { problemDetails, type ProblemDetails } from '../common/problem-details.dto.js';
import { Problem } from '../common/problem.js';
import { readInput } from '../common/read-input.js';
import {
  clientMessageIdReused,
  internal,
  recipientBlockedYou,
  recipientNotFound,
  unavailable,
} from '../common/problems.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { isUnavailable } from '../database/errors.js';
import { UsersService } from '../users/users.service.js';
import { AppendQueue } from './append.queue.js';
import type { Appended, Send } from './append.repository.js';
import type { SendOutcome } from './batch.dto.js';
import { messageView } from './message-views.service.js';
import { SendMessage, type Message, type Recipient } from './messages.dto.js';
import { isReadByOthers, MessagesRepository } from './messages.repository.js';

const MAX_CACHED_GROUPS = 100_000;

/** A stored message, and whether it was stored before. */
export interface Sent {
  readonly message: Message;
  readonly isRepeated: boolean;
}

/** A message that is ready to be stored. */
export interface Prepared {
  readonly recipient: Recipient;
  readonly send: Send;
}

/** Sends one message, or many at once. */
@Injectable()
export class SendingService {
  private readonly log = new Logger(SendingService.name);
  /** Ids of groups, so that a send to a group needs no query for a user. An id never becomes another kind's. */
  private readonly groupIdCache = new LRUCache<ConversationId, true>({ max: MAX_CACHED_GROUPS });

  constructor(
    private readonly users: UsersService,
    private readonly conversations: ConversationsService,
    private readonly queue: AppendQueue,
    private readonly repository: MessagesRepository,
  ) {}

  /**
   * Stores a message. Resolves when it is durable.
   *
   * @throws recipient-not-found (404): no user, a removed user, or a group the caller is not in; recipient-blocked-you
   * (403); client-message-id-reused (409); unavailable (503)
   */
  async send(me: ActingUser, command: SendMessage): Promise<Sent> {
    return this.store(await this.prepare(me, command));
  }

  /** The first half of a send: finds the recipient. A caller that stores in the order of its `prepare` calls keeps that order in each log. */
  async prepare(me: ActingUser, command: SendMessage): Promise<Prepared> {
    const [recipient] = await Promise.all([
      this.recipient(me, command.recipient),
      this.users.summaries([me.userId]), // cached by the time the message is fanned out
    ]);
    return { recipient, send: toSend(me, recipient, command) };
  }

  /** The second half: stores the message. It is in the queue when the call returns its promise. */
  async store({ send, recipient }: Prepared): Promise<Sent> {
    const [appended] = await this.append([send]);
    if (appended!.status === 'rejected') throw appended!.reason;
    return this.sent(send, recipient, appended!.value);
  }

  /** Stores many messages. @returns one outcome per message, in their order; a refused one does not fail the others */
  async sendAll(me: ActingUser, items: readonly object[]): Promise<SendOutcome[]> {
    const recipients = new Map<string, Promise<Recipient>>();
    const recipientOnce = (address: string): Promise<Recipient> => {
      const recipient = recipients.get(address) ?? this.recipient(me, address);
      recipients.set(address, recipient);
      return recipient;
    };
    const prepared = await Promise.allSettled(
      items.map(async (item) => {
        const command = readInput(SendMessage, item); // like the body of a single send
        const recipient = await recipientOnce(command.recipient);
        return { recipient, send: toSend(me, recipient, command) };
      }),
    );
    const ready = prepared.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const appended = await this.append(ready.map(({ send }) => send));
    const outcomes = appended[Symbol.iterator]();
    return Promise.all(
      prepared.map(async (one) =>
        one.status === 'rejected' ? this.failed(one.reason) : this.outcome(one.value, outcomes.next().value!),
      ),
    );
  }

  private async outcome({ send, recipient }: Prepared, appended: PromiseSettledResult<Appended>): Promise<SendOutcome> {
    if (appended.status === 'rejected') return this.failed(appended.reason);
    try {
      const { message, isRepeated } = await this.sent(send, recipient, appended.value);
      return { status: isRepeated ? 200 : 201, message };
    } catch (error) {
      return this.failed(error);
    }
  }

  /** The outcome of a message that was not stored. Logs an unexpected error. */
  failed(error: unknown): { status: number; problem: ProblemDetails } {
    if (error instanceof Problem) return { status: error.kind.status, problem: problemDetails(error) };
    if (isUnavailable(error)) return this.failed(unavailable());
    this.log.error('a message could not be stored', (error as Error).stack);
    return this.failed(internal());
  }

  /** Takes any UUID that is no user's for a group's: the append finds out whether the caller is in it. */
  private async recipient(me: ActingUser, address: string): Promise<Recipient> {
    if (isUuid(address)) {
      const id = address.toLowerCase();
      if (this.groupIdCache.has(id)) return { kind: 'group', id };
      return { kind: (await this.users.isUser(id)) ? 'user' : 'group', id };
    }
    const user = await this.users.find(address, me);
    if (!user || user.deletedAt) throw recipientNotFound();
    return { kind: 'user', id: user.id };
  }

  /**
   * The outcome of each send. The first message of a pair finds no conversation: only then it is opened, once for all sends of
   * the pair, and they are appended again in their order.
   */
  private async append(sends: readonly Send[]): Promise<PromiseSettledResult<Appended>[]> {
    const results = await Promise.allSettled(sends.map((send) => this.queue.append(send)));
    const opened = new Map<ConversationId, Promise<void>>();
    const open = ({ conversationId, senderId, recipientId }: Send): Promise<void> => {
      const opening = opened.get(conversationId) ?? this.conversations.openDirect(senderId, recipientId!);
      opened.set(conversationId, opening);
      return opening;
    };
    const again = sends.map(async (send, i) => {
      const result = results[i]!;
      const isFirst = result.status === 'fulfilled' && result.value.outcome === 'no-conversation' && send.recipientId;
      if (!isFirst) return;
      const [second] = await Promise.allSettled([open(send).then(() => this.queue.append(send))]);
      results[i] = second;
    });
    await Promise.all(again);
    return results;
  }

  /** The message that was stored, now or before. @throws the problem, if it was refused */
  private async sent(send: Send, recipient: Recipient, { outcome, seq, sentAt }: Appended): Promise<Sent> {
    if (outcome !== 'new' && outcome !== 'repeated') throw REFUSALS[outcome]();
    if (recipient.kind === 'group') this.groupIdCache.set(recipient.id, true);
    const isRepeated = outcome === 'repeated';
    const [senders, read] = await Promise.all([
      this.users.summaries([send.senderId]),
      isRepeated && this.isRead(send, seq!), // nobody has read a message that was just stored
    ]);
    const row = { ...send, seq: seq!, sentAt: sentAt! };
    const sender = senders.get(send.senderId)!;
    return { message: messageView(row, { sender, recipient, read, isOwn: true }), isRepeated };
  }

  /** Checks no membership: a sender who has left since gets the stored message too. */
  private async isRead({ senderId, conversationId }: Send, seq: number): Promise<boolean> {
    const states = await this.repository.readStates(senderId, [conversationId]);
    return isReadByOthers(seq, states.get(conversationId)!);
  }
}

const REFUSALS = {
  reused: clientMessageIdReused,
  blocked: recipientBlockedYou,
  'no-conversation': recipientNotFound,
  'no-recipient': recipientNotFound,
  'not-a-member': recipientNotFound,
} as const;

const toSend = (me: ActingUser, { kind, id }: Recipient, { text, clientMessageId }: SendMessage): Send => ({
  conversationId: kind === 'group' ? id : directConversationId(me.userId, id),
  senderId: me.userId,
  recipientId: kind === 'group' ? null : id,
  clientMessageId: clientMessageId?.toLowerCase() ?? null,
  text,
});
