import type { AnyEvent } from './events.js';

/** Beats after which a transaction whose own change was heard is taken to have lost the answer to its COMMIT. */
const ANSWER_TICKS = 2;
/** Beats after which a transaction that was not heard of is taken to have been rolled back: 60 s. */
const ROLLED_BACK_TICKS = 120;

interface OpenTransaction {
  readonly events: readonly AnyEvent[];
  ticks: number;
  isCommitted: boolean;
}

/**
 * The transactions of this process whose events were prepared and not yet published. Where the connection breaks during
 * COMMIT nobody here knows whether it was done; but then our own change comes back from PostgreSQL, as to everyone else.
 */
export class InDoubtTransactions {
  private readonly open = new Map<number, OpenTransaction>();
  private last = 0;

  /** @returns the number that the change carries */
  prepared(events: readonly AnyEvent[]): number {
    this.open.set(++this.last, { events, ticks: 0, isCommitted: false });
    return this.last;
  }

  /** The very same events were published. */
  published(events: readonly AnyEvent[]): void {
    for (const [number, open] of this.open) if (open.events === events) this.open.delete(number);
  }

  /** Our own change was heard: it is committed, though its answer may still be under way. */
  received(number: number): void {
    const open = this.open.get(number);
    if (!open || open.isCommitted) return;
    open.isCommitted = true;
    open.ticks = 0;
  }

  /** Called with each beat. @returns events that were committed, and that nobody is going to publish */
  tick(): AnyEvent[] {
    const found: AnyEvent[] = [];
    for (const [number, open] of this.open) {
      if (++open.ticks < (open.isCommitted ? ANSWER_TICKS : ROLLED_BACK_TICKS)) continue;
      this.open.delete(number);
      if (open.isCommitted) found.push(...open.events);
    }
    return found;
  }
}
