import type { components } from './live-schema.js';

type Frames = components['schemas'];
export type LiveMessage = Frames['Message'];

/** What a live client tells, by name. */
export interface LiveEvents {
  /** A message, once and in its conversation's order; one's own included. */
  message: LiveMessage;
  /** Who is in a conversation, their roles or its name has changed. */
  conversation: Omit<Frames['ConversationFrame'], 'type'>;
  /**
   * Drop what you hold of this conversation. `left`, `deleted`: it is over. `joined`: it begins anew, messages follow.
   * `blocks`: some of its messages are hidden or shown again, so load it anew.
   */
  gone: { readonly conversationId: string; readonly reason: 'left' | 'deleted' | 'joined' | 'blocks' };
  receipt: Omit<Frames['ReceiptFrame'], 'type'>;
  typing: Omit<Frames['TypingNoticeFrame'], 'type'>;
  /** Everything that was missed has been told. Load the heads of conversations anew: receipts and names may have moved. */
  ready: Omit<Frames['ReadyFrame'], 'type'>;
  /** Blocked or unblocked, here or elsewhere. `gone` follows for each group. */
  blocks: Omit<Frames['BlocksFrame'], 'type'>;
  /** Something that was said, other than a message to send, was refused. */
  problem: Frames['ProblemDetails'];
  connection:
    | { readonly state: 'connecting' | 'open' }
    | { readonly state: 'waiting'; readonly retryInMs: number; readonly because: string };
  /** It is over: closed by `close()`, or, with an error, for good. */
  closed: { readonly error?: Error };
}

type Name = keyof LiveEvents;
type Listener<K extends Name> = (event: LiveEvents[K]) => void;

/** Who listens to what. */
export class Listeners {
  private readonly byName = new Map<Name, Set<Listener<never>>>();

  on<K extends Name>(name: K, listener: Listener<K>): () => void {
    const listeners = this.byName.get(name) ?? new Set();
    this.byName.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  has(name: Name): boolean {
    return (this.byName.get(name)?.size ?? 0) > 0;
  }

  /** A listener that throws does so outside: the others are told all the same, and nothing is told twice. */
  emit<K extends Name>(name: K, event: LiveEvents[K]): void {
    for (const listener of (this.byName.get(name) ?? []) as Set<Listener<K>>) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Messages that wait to be taken, by one `for await` at a time. */
export class MessageQueue {
  private readonly queued: LiveMessage[] = [];
  /** The first is with the consumer, who has taken it when they ask for the next. */
  private isHandedOut = false;
  private wake: (() => void) | undefined;
  private end: { readonly error?: Error } | undefined;
  /** Whether a `for await` is under way. */
  isConsumed = false;

  /** What nobody has taken yet. */
  get untaken(): readonly LiveMessage[] {
    return this.queued;
  }

  put(message: LiveMessage): void {
    this.queued.push(message);
    this.wake?.();
  }

  /** Everything that waits, which no longer does. */
  takeAll(): LiveMessage[] {
    return this.queued.splice(0);
  }

  /** Forgets what waits of one conversation. */
  forget(conversationId: string): void {
    const isWithConsumer = (i: number): boolean => i === 0 && this.isHandedOut;
    const kept = this.queued.filter((message, i) => message.conversationId !== conversationId || isWithConsumer(i));
    this.queued.splice(0, this.queued.length, ...kept);
  }

  finish(end: { readonly error?: Error }): void {
    this.end = end;
    this.wake?.();
  }

  /** Ends when the client is closed. @throws what ended it for good */
  async *messages(): AsyncGenerator<LiveMessage, void> {
    if (this.isConsumed) throw new Error('One loop takes the messages at a time.');
    this.isConsumed = true;
    try {
      for (;;) {
        const message = this.queued[0];
        if (message) {
          this.isHandedOut = true;
          yield message;
          this.taken();
        } else if (this.end) {
          if (this.end.error) throw this.end.error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.wake = resolve));
        }
      }
    } finally {
      this.taken(); // who breaks out of the loop has seen it
      this.isConsumed = false;
    }
  }

  private taken(): void {
    if (this.isHandedOut) this.queued.shift();
    this.isHandedOut = false;
  }
}
