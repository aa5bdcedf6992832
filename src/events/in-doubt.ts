import type { AnyEvent } from './events.js';

/** Heartbeats after which a transaction whose own envelope arrived is taken to have lost the answer to its COMMIT: up to 1 s. */
const ANSWER_TICKS = 2;
/** Heartbeats after which a transaction whose envelope did not arrive is taken to have been rolled back: 60 s. */
const ROLLED_BACK_TICKS = 120;

interface OpenTransaction {
  readonly events: readonly AnyEvent[];
  ticks: number;
  isCommitted: boolean;
}

/**
 * The transactions of this process whose events were prepared and not yet published. If the connection breaks during
 * COMMIT, this process gets no answer; but if PostgreSQL committed, this process receives its own transactional envelope,
 * as every other process does.
 *
 * States of a transaction: prepared → published, or prepared → committed (own envelope received) → published. A committed
 * one without an answer is published by `tick`; a prepared one whose envelope does not arrive is forgotten. Between two
 * steps (tests: in-doubt.spec.ts) the events of a committed transaction were published, or are within a second; they are
 * published twice only if the answer comes more than a second after the envelope.
 */
export class InDoubtTransactions {
  private readonly open = new Map<number, OpenTransaction>();
  private last = 0;

  /** @returns the number of the transaction, for its envelopes */
  prepared(events: readonly AnyEvent[]): number {
    this.open.set(++this.last, { events, ticks: 0, isCommitted: false });
    return this.last;
  }

  /** The unit of work has the answer to its COMMIT. @param events the array that was given to `prepared` */
  published(events: readonly AnyEvent[]): void {
    // guard: src/events/in-doubt.spec.ts
    for (const [number, open] of this.open) if (open.events === events) this.open.delete(number);
  }

  /** This process received its own transactional envelope: committed, though the answer to COMMIT may still be under way. */
  received(number: number): void {
    const open = this.open.get(number);
    if (!open) return;
    // guard: src/events/in-doubt.spec.ts
    open.isCommitted = true;
    // guard: src/events/in-doubt.spec.ts
    open.ticks = 0;
  }

  /** Called with each heartbeat. @returns events that were committed and that the unit of work is not going to publish */
  tick(): AnyEvent[] {
    const found: AnyEvent[] = [];
    for (const [number, open] of this.open) {
      // guard: src/events/in-doubt.spec.ts
      if (++open.ticks < (open.isCommitted ? ANSWER_TICKS : ROLLED_BACK_TICKS)) continue;
      // guard: src/events/in-doubt.spec.ts
      this.open.delete(number);
      if (open.isCommitted) found.push(...open.events);
    }
    return found;
  }
}
