import { setTimeout as sleep } from 'node:timers/promises';
import { splitIntoEnvelopes, encodeEnvelope, type ControlKind } from './bus-envelope.js';
import type { BusTransport } from './bus-transport.js';

/** Most events that wait while envelopes are in flight. Beyond it they are dropped: a receiver sees the gap and reads the database. */
const MAX_WAITING = 10_000;
/** Most events in one call of the transport: a megabyte of the longest. */
const MAX_AT_ONCE = 1000;

/**
 * Numbers the best-effort events of one link and sends them. The first event is sent at once; later ones wait while
 * envelopes are in flight, and then go together, so that under load many events share an envelope.
 *
 * States: closed, idle (open, nothing waits), sending (open, one call of the transport in flight). `open` and `close` move
 * between closed and the others; `add` and `sendControl` start sending; when nothing waits any more, sending ends.
 *
 * Between two steps (tests: send-buffer.spec.ts):
 * - Every event is in a numbered envelope, or waits, or a gap in the sequence stands for it: 'skipped events leave a gap…',
 *   'an event that fits into no envelope leaves a gap…', 'more than ten thousand waiting events…', 'a closed buffer sends
 *   nothing…'. So a receiver that compares numbers notices every event that did not arrive, for whatever reason.
 * - A number is used once, whether or not its envelope arrived: 'a failed envelope keeps its number…'.
 * - A control envelope carries the number of the last best-effort envelope before it: 'control envelopes go after…'.
 * - One call of the transport is in flight at a time: 'sends a single event at once…'.
 */
export class SendBuffer {
  private waiting: string[] = [];
  private control: ControlKind[] = [];
  private lastSequence = 0;
  private hasGap = false;
  private isOpen = false;
  private isSending = false;
  private drained?: Promise<void>;

  constructor(
    private readonly transport: BusTransport,
    private readonly senderId: string,
    private readonly now: () => number,
  ) {}

  /** From now on envelopes are sent. */
  open(): void {
    this.isOpen = true;
    this.send();
  }

  /** From now on nothing is sent. A gap stands for the events that were waiting. */
  close(): void {
    this.isOpen = false;
    // guard: src/events/send-buffer.spec.ts
    if (this.waiting.length > 0) this.leaveGap();
    // guard: src/events/send-buffer.spec.ts
    this.control = [];
  }

  /** Sends these events (`encodeEvent`) soon, or leaves a gap. */
  add(events: readonly string[]): void {
    // guard: src/events/send-buffer.spec.ts
    if (!this.isOpen || this.waiting.length + events.length > MAX_WAITING) return this.leaveGap();
    this.waiting.push(...events);
    this.send();
  }

  /** Drops the waiting events. The next envelope skips a number, for them and for an event that was never added. */
  leaveGap(): void {
    // guard: src/events/send-buffer.spec.ts
    this.waiting = [];
    // guard: src/events/send-buffer.spec.ts
    this.hasGap = true;
  }

  /** Sends a control envelope with the last number. */
  sendControl(kind: ControlKind): void {
    // guard: src/events/send-buffer.spec.ts
    if (!this.isOpen || this.control.includes(kind)) return;
    this.control.push(kind);
    this.send();
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    await this.drained;
  }

  private send(): void {
    if (!this.isSending) this.drained = this.drain();
  }

  private async drain(): Promise<void> {
    this.isSending = true;
    while (this.isOpen && (this.waiting.length > 0 || this.control.length > 0)) {
      // guard: src/events/send-buffer.spec.ts
      const sent = this.transport.send(this.compose()).catch(() => undefined); // lost: receivers see the gap
      const { paceMs } = this.transport;
      await Promise.all([sent, paceMs > 0 && sleep(paceMs)]);
    }
    this.isSending = false;
  }

  private compose(): string[] {
    const { envelopes, tooLong } = splitIntoEnvelopes(this.waiting.splice(0, MAX_AT_ONCE), this.transport.maxBytes);
    // guard: src/events/send-buffer.spec.ts
    if (this.hasGap || tooLong.length > 0) this.lastSequence++;
    // guard: src/events/send-buffer.spec.ts
    this.hasGap = false;
    const { senderId } = this;
    const sentAtMs = Math.round(this.now());
    const bestEffort = envelopes.map((events) =>
      encodeEnvelope({ kind: 'bestEffort', senderId, sequence: ++this.lastSequence, sentAtMs }, events),
    );
    const control = this.control
      .splice(0)
      .map((kind) => encodeEnvelope({ kind, senderId, sequence: this.lastSequence, sentAtMs }));
    return [...bestEffort, ...control];
  }
}
