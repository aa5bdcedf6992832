import type { Clock } from './live-clock.js';
import type { ClientFrame } from './live-schema.js';

interface MarkedMessage {
  readonly conversationId: string;
  readonly seq: number;
}

/** `delivered` is sent at most this long after a message arrived, for all messages of that time together. */
const DELIVERED_MS = 500;
/** `typing` is sent at most this often for one conversation. */
const TYPING_MS = 1_000;

/** Sends `read`, `delivered` and `typing`, each as rarely as it can. */
export class Marks {
  /** Sent again on each connection until the server has confirmed them. */
  private readonly reads = new Map<string, number>();
  /** The newest seq to mark as delivered, by conversation. */
  private readonly unsent = new Map<string, number>();
  private readonly typedAt = new Map<string, number>();
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: (frame: ClientFrame) => void,
    private readonly sendsDelivered: boolean,
  ) {}

  read({ conversationId, seq }: MarkedMessage): void {
    if (seq <= (this.reads.get(conversationId) ?? 0)) return;
    this.reads.set(conversationId, seq);
    this.send({ type: 'read', messageId: `${conversationId}.${seq}` });
  }

  delivered({ conversationId, seq }: MarkedMessage): void {
    if (!this.sendsDelivered) return;
    this.unsent.set(conversationId, seq);
    this.cancel ??= this.clock.after(DELIVERED_MS, () => this.flush());
  }

  typing(conversationId: string): void {
    const now = this.clock.now();
    if (now - (this.typedAt.get(conversationId) ?? -Infinity) < TYPING_MS) return;
    this.typedAt.set(conversationId, now);
    this.send({ type: 'typing', conversationId });
  }

  /** The server has stored this read marker, from this device or another. */
  confirmed(conversationId: string, readSeq: number): void {
    if ((this.reads.get(conversationId) ?? Infinity) <= readSeq) this.reads.delete(conversationId);
  }

  forget(conversationId: string): void {
    this.reads.delete(conversationId);
    this.unsent.delete(conversationId);
    this.typedAt.delete(conversationId);
  }

  /** On a new connection: sends what may not have arrived over the last one. */
  sendAll(): void {
    for (const [conversationId, seq] of this.reads) this.send({ type: 'read', messageId: `${conversationId}.${seq}` });
    this.flush();
  }

  flush(): void {
    this.pause();
    for (const [conversationId, seq] of this.unsent) {
      this.send({ type: 'delivered', messageId: `${conversationId}.${seq}` });
    }
    this.unsent.clear();
  }

  /** There is no connection: what is unsent waits for the next one. */
  pause(): void {
    this.cancel?.();
    this.cancel = undefined;
  }
}
