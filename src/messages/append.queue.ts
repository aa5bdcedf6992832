import { Injectable } from '@nestjs/common';
import { isLockTimeout, isRetriable, isRolledBack } from '../database/errors.js';
import { EventBus, type AnyEvent } from '../events/event-bus.js';
import { unavailable } from '../common/problems.js';
import { AppendRepository, type Appended, type Send } from './append.repository.js';

/** Statements in flight at once. A conversation always has the same lane, so two of them never wait for one row. */
const LANES = 4;
/** Sends in one statement: 500 take 8 to 15 ms. */
const MAX_BATCH = 500;
/** Sends that may wait in one lane; beyond it the server is hopelessly behind and says so. */
const MAX_WAITING = 10_000;
/** How often a statement that lost a race is run again before its error is answered. */
const MAX_RERUNS = 5;

interface Waiting {
  readonly send: Send;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends that arrive while a statement is in flight go together in the next one, and share its commit. There is no
 * timer: an idle lane sends at once, so one caller alone waits for nobody.
 */
@Injectable()
export class AppendQueue {
  private readonly lanes = Array.from({ length: LANES }, () => new Lane((sends) => this.store(sends)));

  constructor(
    private readonly repository: AppendRepository,
    private readonly bus: EventBus,
  ) {}

  /**
   * Stores one message. Refused and repeated ones are outcomes, not errors, and fail no other.
   * @throws unavailable (503): too many are waiting. Whatever PostgreSQL says otherwise: nothing is known to be stored
   */
  append(send: Send): Promise<Appended> {
    const lane = this.lanes[parseInt(send.conversationId.slice(-4), 16) % LANES]!; // the last digits of UUIDv5 and v7 are random
    return lane.add(send);
  }

  private async store(sends: readonly Send[]): Promise<Appended[]> {
    const appended = await this.withReruns(sends);
    this.bus.publish(sends.flatMap((send, i) => messageSent(send, appended[i]!)));
    return appended;
  }

  private async withReruns(sends: readonly Send[]): Promise<Appended[]> {
    for (let run = 0; ; run++) {
      try {
        return await this.repository.append(sends);
      } catch (error) {
        const lostARace = this.repository.isRacingRepeat(error) || isRetriable(error);
        if (!lostARace || run === MAX_RERUNS) throw error;
      }
    }
  }
}

/** One statement at a time, and whoever waits for the next. */
class Lane {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(private readonly store: (sends: readonly Send[]) => Promise<Appended[]>) {}

  add(send: Send): Promise<Appended> {
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(unavailable('Too many messages are waiting to be stored.'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ send, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) await this.settle(this.takeBatch());
    this.busy = false;
  }

  /**
   * Stores a batch. Where PostgreSQL refused it, nothing of it is stored: its conversations go one by one, then the
   * sends of a conversation, so that a bad one fails alone. Where no answer came (a lost connection) it may be
   * stored, so it is not sent again. Never throws.
   */
  private async settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const appended = await this.store(batch.map(({ send }) => send));
      batch.forEach(({ resolve }, i) => resolve(appended[i]!));
    } catch (error) {
      const parts = isRolledBack(error) ? split(batch, isLockTimeout(error)) : [batch];
      if (parts.length === 1) batch.forEach(({ reject }) => reject(error));
      else for (const part of parts) await this.settle(part);
    }
  }

  /** The next batch in the order of arrival. The same clientMessageId twice waits for the batch after. */
  private takeBatch(): Waiting[] {
    if (this.waiting.length === 1) return this.waiting.splice(0);
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    const repeatable = new Set<string>();
    for (const one of this.waiting) {
      const { conversationId, senderId, clientMessageId } = one.send;
      const key = clientMessageId && `${conversationId}${senderId}${clientMessageId}`;
      if (taken.length === MAX_BATCH || (key && repeatable.has(key))) left.push(one);
      else taken.push(one);
      if (key) repeatable.add(key);
    }
    this.waiting = left;
    return taken;
  }
}

/** By conversation; the sends of a single conversation one by one, unless they all wait for the same lock. */
function split(batch: readonly Waiting[], locked: boolean): (readonly Waiting[])[] {
  const byConversation = new Map<string, Waiting[]>();
  for (const one of batch) {
    const { conversationId } = one.send;
    byConversation.set(conversationId, [...(byConversation.get(conversationId) ?? []), one]);
  }
  if (byConversation.size > 1) return [...byConversation.values()];
  return locked ? [batch] : batch.map((one) => [one]);
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
