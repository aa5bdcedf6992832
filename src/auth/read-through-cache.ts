import { LRUCache } from 'lru-cache';

/** Says whether the bus delivers the events that tell when a cached value has changed. */
export interface BusHealth {
  /** Since when (by performance.now()) every transactional event was received; undefined while events may be missed. */
  healthySince(): number | undefined;
}

/** While the bus may miss events, a value that was looked up longer ago than this (ms) is looked up again. */
const VALID_WITHOUT_BUS_MS = 1000;

interface Entry<V> {
  readonly value: V;
  /** When the look-up began. */
  readonly readAt: number;
}

/**
 * Keeps looked-up values, so that a request needs no query, as long as the bus would tell when they change. While the bus
 * may miss events, each value is looked up at most once a second; after that, once more.
 *
 * An entry is valid, or expired and looked up again. Between two steps (tests: read-through-cache.spec.ts):
 * - A returned value was looked up after `healthySince`: 'a value from before a possible loss is looked up once more…'.
 * - While `healthySince` is undefined, a returned value is at most a second old: 'a value is looked up at most once a
 *   second while…'.
 * - A look-up that found nothing leaves no entry: 'a value that was not found does not come back…'.
 * - One look-up per key runs at a time: 'a value is looked up once, also for 50 callers at once…'.
 */
export class ReadThroughCache<V extends string | object> {
  private readonly entries: LRUCache<string, Entry<V>>;
  private readonly lookUps = new Map<string, Promise<V | undefined>>();

  constructor(
    private readonly bus: BusHealth,
    private readonly limits: { readonly max: number; readonly ttlMs: number },
    private readonly now: () => number = () => performance.now(),
  ) {
    this.entries = new LRUCache({ max: limits.max });
  }

  /** The cached value, or the one that `lookUp` finds. Undefined is not cached. Concurrent callers share one look-up. */
  async get(key: string, lookUp: () => Promise<V | undefined>): Promise<V | undefined> {
    const entry = this.entries.get(key);
    // guard `this.isValid(entry)` => `true`: src/auth/read-through-cache.spec.ts
    if (entry && this.isValid(entry)) return entry.value;
    const running = this.lookUps.get(key);
    // guard: src/auth/read-through-cache.spec.ts
    if (running) return running;
    const started = this.lookUp(key, lookUp).finally(() => this.lookUps.delete(key));
    this.lookUps.set(key, started);
    return started;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  private async lookUp(key: string, lookUp: () => Promise<V | undefined>): Promise<V | undefined> {
    const readAt = this.now(); // before the look-up: an event may come while it runs
    const value = await lookUp();
    // guard: src/auth/read-through-cache.spec.ts
    this.entries.delete(key);
    if (value !== undefined) this.entries.set(key, { value, readAt });
    return value;
  }

  private isValid({ readAt }: Entry<V>): boolean {
    const healthySince = this.bus.healthySince();
    const ageMs = this.now() - readAt;
    // guard: src/auth/read-through-cache.spec.ts
    if (healthySince === undefined) return ageMs < VALID_WITHOUT_BUS_MS;
    // guard: src/auth/read-through-cache.spec.ts
    return readAt >= healthySince && ageMs < this.limits.ttlMs;
  }
}
