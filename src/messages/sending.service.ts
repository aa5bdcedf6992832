import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { ActingUser } from '../common/caller.js';
import { directConversationId, isUuid, type ConversationId } from '../common/ids.js';
import { problemDetails, type ProblemDetails } from '../common/problem-details.dto.js';
import { readInput } from '../common/read-input.js';
import { clientMessageIdReused, recipientBlockedYou, recipientNotFound } from '../common/problems.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { problemFrom } from '../database/problem-from.js';
import { UnitOfWork } from '../database/unit-of-work.js';
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
    private readonly work: UnitOfWork,
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

  /** The second half: stores it, in the queue from the moment of the call on. */
  async store(prepared: Prepared): Promise<Sent> {
    const { senderId, recipientId } = prepared.send;
    const open = (): Promise<void> => this.conversations.openDirect(senderId, recipientId!);
    return this.complete(prepared, await this.queue.append(prepared.send), open);
  }

  /** Stores many messages. @returns one outcome per message, in their order; a refused one does not fail the others */
  async sendAll(me: ActingUser, items: readonly object[]): Promise<SendOutcome[]> {
    const recipientAt = once((address: string) => this.recipient(me, address));
    const prepared = await Promise.allSettled(
      items.map(async (item) => {
        const command = readInput(SendMessage, item); // as the body of a single send
        const recipient = await recipientAt(command.recipient);
        return { recipient, send: toSend(me, recipient, command) };
      }),
    );
    // All are appended before a conversation is opened, or a later message of a new pair could overtake the first.
    const appended = await Promise.allSettled(
      prepared.map((one) =>
        one.status === 'fulfilled' ? this.queue.append(one.value.send) : Promise.reject(one.reason),
      ),
    );
    const open = once((_id: ConversationId, { senderId, recipientId }: Send) =>
      this.conversations.openDirect(senderId, recipientId!),
    );
    return Promise.all(
      prepared.map(async (one, i) => {
        try {
          const ready = valueOf(one);
          const { send } = ready;
          const sent = await this.complete(ready, valueOf(appended[i]!), () => open(send.conversationId, send));
          return { status: sent.isRepeated ? 200 : 201, message: sent.message };
        } catch (error) {
          return this.failed(error);
        }
      }),
    );
  }

  /** The outcome of a message that was not stored. A bug is logged. */
  failed(error: unknown): { status: number; problem: ProblemDetails } {
    const problem = problemFrom(error, (bug) => this.log.error('a message could not be stored', (bug as Error).stack));
    return { status: problem.kind.status, problem: problemDetails(problem) };
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
   * The first message of a pair finds no conversation: then, and only then, the conversation is opened, and the message
   * is appended again.
   */
  private async complete({ send, recipient }: Prepared, first: Appended, open: () => Promise<void>): Promise<Sent> {
    if (first.outcome !== 'no-conversation' || send.recipientId === null) return this.sent(send, recipient, first);
    await open();
    return this.sent(send, recipient, await this.queue.append(send));
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
    const states = await this.repository.readStates(this.work.now, senderId, [conversationId]);
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

/** @throws what rejected it */
function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** Calls `work` once for each key, and answers the same promise to all who ask with it. */
function once<K, A extends unknown[], T>(work: (key: K, ...args: A) => Promise<T>): (key: K, ...args: A) => Promise<T> {
  const started = new Map<K, Promise<T>>();
  return (key, ...args) => {
    const running = started.get(key) ?? work(key, ...args);
    started.set(key, running);
    return running;
  };
}

const toSend = (me: ActingUser, { kind, id }: Recipient, { text, clientMessageId }: SendMessage): Send => ({
  conversationId: kind === 'group' ? id : directConversationId(me.userId, id),
  senderId: me.userId,
  recipientId: kind === 'group' ? null : id,
  clientMessageId: clientMessageId?.toLowerCase() ?? null,
  text,
});
