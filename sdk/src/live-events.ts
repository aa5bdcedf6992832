import type { components } from './live-schema.js';

type Frames = components['schemas'];
export type LiveMessage = Frames['Message'];

/** The events of a live client, by name. */
export interface LiveEvents {
  /** A message: once, in its conversation's order. The user's own messages are included. */
  message: LiveMessage;
  /** A conversation's members, their roles or its name have changed. */
  conversation: Omit<Frames['ConversationFrame'], 'type'>;
  /**
   * Drop what you hold of this conversation. `left`, `deleted`: it is over. `joined`: it starts again, and its messages
   * follow. `blocks`: other messages of it are visible now, so load it again.
   */
  gone: { readonly conversationId: string; readonly reason: 'left' | 'deleted' | 'joined' | 'blocks' };
  receipt: Omit<Frames['ReceiptFrame'], 'type'>;
  typing: Omit<Frames['TypingNoticeFrame'], 'type'>;
  /** Everything that was missed has arrived. Load the heads of conversations again: receipts and names may have changed. */
  ready: Omit<Frames['ReadyFrame'], 'type'>;
  /** The user has blocked or unblocked somebody, on this device or another. `gone` follows for each group. */
  blocks: Omit<Frames['BlocksFrame'], 'type'>;
  /** The server refused a mark or a typing notice. */
  problem: Frames['ProblemDetails'];
  connection:
    | { readonly state: 'connecting' | 'open' }
    | { readonly state: 'waiting'; readonly retryInMs: number; readonly because: string };
  /** The client has ended: by `close()`, or for good with an error. */
  closed: { readonly error?: Error };
}

type Name = keyof LiveEvents;
type Listener<K extends Name> = (event: LiveEvents[K]) => void;

/** The callbacks of the application, by event. */
export class EventListeners {
  private readonly byName = new Map<Name, Set<Listener<never>>>();

  on<K extends Name>(name: K, listener: Listener<K>): () => void {
    const listeners = this.byName.get(name) ?? new Set();
    this.byName.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  has(name: Name): boolean {
    return (this.byName.get(name)?.size ?? 0) > 0;
  }

  /** An error of one listener is thrown in a microtask of its own: the other listeners still run, and each runs once. */
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

/** Messages that wait for the application to take them, with one `for await` at a time. */
export class MessageQueue {
  private readonly queued: LiveMessage[] = [];
  /** Whether the loop has the first message: it has taken it once it asks for the next. */
  private isHandedOut = false;
  private wake: (() => void) | undefined;
  private end: { readonly error?: Error } | undefined;
  /** Whether a `for await` is under way. */
  isConsumed = false;

  /** The messages that the application has not taken yet. */
  get untaken(): readonly LiveMessage[] {
    return this.queued;
  }

  put(message: LiveMessage): void {
    this.queued.push(message);
    this.wake?.();
  }

  /** Takes all messages out of the queue. */
  takeAll(): LiveMessage[] {
    return this.queued.splice(0);
  }

  /** Removes the waiting messages of one conversation, but not the one that the loop has. */
  forget(conversationId: string): void {
    const isInLoop = (i: number): boolean => i === 0 && this.isHandedOut;
    const kept = this.queued.filter((message, i) => message.conversationId !== conversationId || isInLoop(i));
    this.queued.splice(0, this.queued.length, ...kept);
  }

  finish(end: { readonly error?: Error }): void {
    this.end = end;
    this.wake?.();
  }

  /** Ends when the client is closed. @throws the error that ended the client */
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
      this.taken(); // a loop that ends by `break` has seen its message
      this.isConsumed = false;
    }
  }

  private taken(): void {
    if (this.isHandedOut) this.queued.shift();
    this.isHandedOut = false;
  }
}
