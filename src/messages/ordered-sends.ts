import type { ActingUser } from '../common/caller.js';
import type { ConversationId } from '../common/ids.js';
import type { SendMessage } from './messages.dto.js';
import type { Prepared, SendingService, Sent } from './sending.service.js';

/**
 * The sends of one client that are in flight: in each conversation they are stored in the order in which the client sent
 * them. Their recipients are looked up one after the other, then they wait for the queue together.
 */
export class OrderedSends {
  private inFlight = 0;
  private lastPrepared: Promise<unknown> = Promise.resolve();
  /** The first send in flight to each conversation. */
  private readonly first = new Map<ConversationId, Promise<unknown>>();

  constructor(private readonly sending: SendingService) {}

  get isIdle(): boolean {
    return this.inFlight === 0;
  }

  /** @throws what SendingService.send throws */
  async send(me: ActingUser, command: SendMessage): Promise<Sent> {
    this.inFlight++;
    const prepared = this.lastPrepared.then(() => this.sending.prepare(me, command));
    this.lastPrepared = prepared.catch(() => undefined);
    try {
      return await this.store(await prepared);
    } finally {
      this.inFlight--;
    }
  }

  /** Waits for the first send to the same conversation: it may have to open the conversation, and would be overtaken. */
  private store(prepared: Prepared): Promise<Sent> {
    const { conversationId } = prepared.send;
    const first = this.first.get(conversationId);
    if (first) return first.then(() => this.sending.store(prepared));
    const stored = this.sending.store(prepared);
    this.first.set(
      conversationId,
      stored.catch(() => undefined),
    );
    return stored;
  }
}
