import { Injectable } from '@nestjs/common';
import { isLockTimeout, isRetriable, isRolledBack } from '../database/errors.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus, type AnyEvent } from '../events/event-bus.js';
import { unavailable } from '../common/problems.js';
import { AppendRepository, isRacingRepeat, type Appended, type Send } from './append.repository.js';

/** Sends in one statement: 500 take 8 to 15 ms. */
const MAX_SENDS_PER_STATEMENT = 500;
/** Most sends that wait; beyond it the server is overloaded and refuses more. */
const MAX_WAITING = 10_000;
/** How often a statement that lost a race runs again before its sends fail. */
const MAX_RERUNS = 5;

interface Waiting {
  readonly send: Send;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** The same message sent again before this one was stored: they get the outcome of this one. */
  readonly repeats: Waiting[];
}

/**
 * Sends that arrive while a statement is in flight go together in the next one and share its commit. There is no timer: an
 * idle queue sends at once, so a single caller does not wait.
 *
 * One statement at a time: with two or four side by side each holds fewer sends and costs as much. Measured with 32
 * connections on two cores, in turn: 1.5 and 1.8 times as many sends a second by one, at a quarter of the database's
 * processor time. A statement of 500 takes 8 to 15 ms, which is more than one process can hand to it.
 */
@Injectable()
export class AppendQueue {
  private waiting: Waiting[] = [];
  private isBusy = false;

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: AppendRepository,
    private readonly bus: EventBus,
  ) {}

  /**
   * Stores one message. A refused or repeated message is an outcome, not an error, and does not fail others.
   * @throws unavailable (503): too many are waiting; any error of PostgreSQL: the message may be stored or not
   */
  append(send: Send): Promise<Appended> {
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(unavailable('Too many messages are waiting to be stored.'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ send, resolve, reject, repeats: [] });
      if (!this.isBusy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.isBusy = true;
    while (this.waiting.length > 0) await this.settle(this.takeBatch());
    this.isBusy = false;
  }

  /**
   * Stores a batch. If PostgreSQL rolled it back, nothing of it is stored: each conversation goes by itself, then the sends of
   * a conversation one by one, so that a bad one fails alone; but if they wait for one lock, they fail together. If no answer
   * came (a lost connection) it may be stored, so it is not sent again. Never throws.
   */
  private async settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const appended = await this.store(batch.map(({ send }) => send));
      batch.forEach((one, i) => resolveAll(one, appended[i]!));
    } catch (error) {
      const conversations = isRolledBack(error) ? byConversation(batch) : [batch];
      const mayFailAlone = isRolledBack(error) && !isLockTimeout(error) && batch.length > 1;
      if (conversations.length > 1) await Promise.all(conversations.map((part) => this.settle(part)));
      else if (mayFailAlone) for (const one of batch) await this.settle([one]);
      else for (const one of batch) for (const each of [one, ...one.repeats]) each.reject(error);
    }
  }

  private async store(sends: readonly Send[]): Promise<Appended[]> {
    const appended = await this.withReruns(sends);
    this.bus.publish(sends.flatMap((send, i) => messageSent(send, appended[i]!)));
    return appended;
  }

  private async withReruns(sends: readonly Send[]): Promise<Appended[]> {
    for (let run = 0; ; run++) {
      try {
        return await this.repository.append(this.work.now, sends);
      } catch (error) {
        const lostARace = isRacingRepeat(error) || isRetriable(error);
        if (!lostARace || run === MAX_RERUNS) throw error;
      }
    }
  }

  /**
   * The next batch, in the order of arrival. A repeat of a message gets the outcome of the first; a message with the same
   * clientMessageId and another text waits for the batch after, which sees the stored one.
   */
  private takeBatch(): Waiting[] {
    if (this.waiting.length === 1) return this.waiting.splice(0);
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    const firsts = new Map<string, Waiting>();
    for (const one of this.waiting) {
      const { conversationId, senderId, clientMessageId, text } = one.send;
      const key = clientMessageId && `${conversationId}${senderId}${clientMessageId}`;
      const first = key ? firsts.get(key) : undefined;
      if (first?.send.text === text) first.repeats.push(one);
      else if (first || taken.length === MAX_SENDS_PER_STATEMENT) left.push(one);
      else taken.push(one);
      if (key && !first) firsts.set(key, one);
    }
    this.waiting = left;
    return taken;
  }
}

/** If the first was stored, its repeats are repeated; if it was refused, so are they. */
function resolveAll({ resolve, repeats }: Waiting, appended: Appended): void {
  resolve(appended);
  const repeated: Appended = appended.outcome === 'new' ? { ...appended, outcome: 'repeated' } : appended;
  for (const one of repeats) one.resolve(repeated);
}

function byConversation(batch: readonly Waiting[]): (readonly Waiting[])[] {
  const found = new Map<string, Waiting[]>();
  for (const one of batch) {
    const { conversationId } = one.send;
    found.set(conversationId, [...(found.get(conversationId) ?? []), one]);
  }
  return [...found.values()];
}

function messageSent(send: Send, { outcome, seq, sentAt, membersVersion }: Appended): AnyEvent[] {
  if (outcome !== 'new') return [];
  const data = {
    conversationId: send.conversationId,
    seq: seq!,
    senderId: send.senderId,
    text: send.text,
    sentAt: sentAt!.toISOString(),
    membersVersion: membersVersion!,
    ...(send.clientMessageId !== null && { clientMessageId: send.clientMessageId }),
  };
  return [{ name: 'message.sent', data }];
}
