import { setTimeout as sleep } from 'node:timers/promises';
import { cut, encodeLetter, type LetterKind } from './bus-envelope.js';
import type { Transport } from './bus-transport.js';

/** Events that wait while letters are in flight. Beyond it they are dropped: who hears of the gap reads the database. */
const MAX_WAITING = 10_000;
/** Events that are sent at once: a megabyte of the longest. */
const MAX_AT_ONCE = 1000;

/**
 * Sends events in numbered batches. One event alone is sent at once; what comes right after, or while letters are in
 * flight, goes together with the next, so that under load many share a letter.
 *
 * Every event is either in a numbered batch, or a number is left out in its place. So whoever compares numbers knows of
 * each that did not arrive, whatever the reason was; no rule here depends on who is heard at which time.
 */
export class Outbox {
  private waiting: string[] = [];
  private words: LetterKind[] = [];
  private last = 0;
  private isGap = false;
  private isOpen = false;
  private isSending = false;
  private drained?: Promise<void>;

  constructor(
    private readonly transport: Transport,
    private readonly from: string,
    private readonly now: () => number,
  ) {}

  /** From now on letters are sent. */
  open(): void {
    this.isOpen = true;
    this.send();
  }

  /** From now on nothing is sent, and what waits is left out. */
  close(): void {
    this.isOpen = false;
    if (this.waiting.length > 0) this.skip();
    this.words = [];
  }

  /** Sends these events (`encodeEvent`), soon. */
  add(events: readonly string[]): void {
    if (!this.isOpen || this.waiting.length + events.length > MAX_WAITING) return this.skip();
    this.waiting.push(...events);
    this.send();
  }

  /** Events, and what waits in front of them, are not sent: a number is left out in their place. */
  skip(): void {
    this.waiting = [];
    this.isGap = true;
  }

  /** Sends a sign of life, which tells the last number. */
  say(word: 'hello' | 'beat' | 'goodbye'): void {
    if (!this.isOpen || this.words.includes(word)) return;
    this.words.push(word);
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
    while (this.isOpen && (this.waiting.length > 0 || this.words.length > 0)) {
      const sent = this.transport.send(this.compose()).catch(() => undefined); // lost, which their numbers tell
      const { paceMs } = this.transport;
      await Promise.all([sent, paceMs > 0 && sleep(paceMs)]);
    }
    this.isSending = false;
  }

  private compose(): string[] {
    const { letters, tooLong } = cut(this.waiting.splice(0, MAX_AT_ONCE), this.transport.maxBytes);
    if (this.isGap || tooLong.length > 0) this.last++;
    this.isGap = false;
    const { from } = this;
    const at = Math.round(this.now());
    const batches = letters.map((events) => encodeLetter({ kind: 'batch', from, n: ++this.last, at }, events));
    const words = this.words.splice(0).map((kind) => encodeLetter({ kind, from, n: this.last, at }));
    return [...batches, ...words];
  }
}
