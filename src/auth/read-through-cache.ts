import { LRUCache } from 'lru-cache';

/** What is known of the bus that says when something remembered has changed. */
export interface BusHealth {
  /** Since when (by performance.now()) no event can have been missed; undefined while events may be missed. */
  freshSince(): number | undefined;
}

/** While the bus may miss events, what was looked up longer ago than this (ms) is looked up again. */
const GOOD_WITHOUT_BUS_MS = 1000;

interface Entry<V> {
  readonly value: V;
  /** When the look-up began. */
  readonly readAt: number;
}

/**
 * Remembers what was looked up, so that a request costs no query, as long as the bus would say when it changes. While
 * the bus may miss events, or has missed some since the look-up, it is looked up again: at most once a second each.
 */
export class Remembered<V extends string | object> {
  private readonly entries: LRUCache<string, Entry<V>>;
  private readonly lookUps = new Map<string, Promise<V | undefined>>();

  constructor(
    private readonly bus: BusHealth,
    private readonly limits: { readonly max: number; readonly ttlMs: number },
    private readonly now: () => number = () => performance.now(),
  ) {
    this.entries = new LRUCache({ max: limits.max });
  }

  /** What `lookUp` answers or answered; undefined is not remembered. Of several at once one looks up and all get the answer. */
  async get(key: string, lookUp: () => Promise<V | undefined>): Promise<V | undefined> {
    const entry = this.entries.get(key);
    if (entry && this.isGood(entry)) return entry.value;
    const running = this.lookUps.get(key);
    if (running) return running;
    const started = this.lookUp(key, lookUp).finally(() => this.lookUps.delete(key));
    this.lookUps.set(key, started);
    return started;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  private async lookUp(key: string, lookUp: () => Promise<V | undefined>): Promise<V | undefined> {
    const readAt = this.now();
    const value = await lookUp();
    if (value === undefined) this.entries.delete(key);
    else this.entries.set(key, { value, readAt });
    return value;
  }

  private isGood({ readAt }: Entry<V>): boolean {
    const freshSince = this.bus.freshSince();
    if (freshSince !== undefined && readAt < freshSince) return false;
    const keptMs = freshSince === undefined ? GOOD_WITHOUT_BUS_MS : this.limits.ttlMs;
    return this.now() - readAt < keptMs;
  }
}
