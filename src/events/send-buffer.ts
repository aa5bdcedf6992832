import { setTimeout as sleep } from 'node:timers/promises';
import { splitIntoEnvelopes, encodeEnvelope, type ControlKind } from './bus-envelope.js';
import type { BusTransport } from './bus-transport.js';

/** Events that wait while envelopes are in flight. Beyond it they are dropped: who hears of the gap reads the database. */
const MAX_WAITING = 10_000;
/** Events that are sent at once: a megabyte of the longest. */
const MAX_AT_ONCE = 1000;

/**
 * Sends events in numbered batches. One event alone is sent at once; what comes right after, or while envelopes are in
 * flight, goes together with the next, so that under load many share a envelope.
 *
 * Every event is either in a numbered batch, or a number is left out in its place. So whoever compares numbers knows of
 * each that did not arrive, whatever the reason was; no rule here depends on who is heard at which time.
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

  /** From now on nothing is sent, and what waits is left out. */
  close(): void {
    this.isOpen = false;
    if (this.waiting.length > 0) this.leaveGap();
    this.control = [];
  }

  /** Sends these events (`encodeEvent`), soon. */
  add(events: readonly string[]): void {
    if (!this.isOpen || this.waiting.length + events.length > MAX_WAITING) return this.leaveGap();
    this.waiting.push(...events);
    this.send();
  }

  /** Events, and what waits in front of them, are not sent: a number is left out in their place. */
  leaveGap(): void {
    this.waiting = [];
    this.hasGap = true;
  }

  /** Sends a sign of life, which tells the last number. */
  sendControl(word: 'peerUp' | 'heartbeat' | 'peerDown'): void {
    if (!this.isOpen || this.control.includes(word)) return;
    this.control.push(word);
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
      const sent = this.transport.send(this.compose()).catch(() => undefined); // lost, which their numbers tell
      const { paceMs } = this.transport;
      await Promise.all([sent, paceMs > 0 && sleep(paceMs)]);
    }
    this.isSending = false;
  }

  private compose(): string[] {
    const { envelopes, tooLong } = splitIntoEnvelopes(this.waiting.splice(0, MAX_AT_ONCE), this.transport.maxBytes);
    if (this.hasGap || tooLong.length > 0) this.lastSequence++;
    this.hasGap = false;
    const { senderId } = this;
    const sentAtMs = Math.round(this.now());
    const batches = envelopes.map((events) =>
      encodeEnvelope({ kind: 'bestEffort', senderId, sequence: ++this.lastSequence, sentAtMs }, events),
    );
    const words = this.control
      .splice(0)
      .map((kind) => encodeEnvelope({ kind, senderId, sequence: this.lastSequence, sentAtMs }));
    return [...batches, ...words];
  }
}
