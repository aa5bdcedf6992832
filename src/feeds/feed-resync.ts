import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { EventBus } from '../events/event-bus.js';
import { FeedRegistry } from './feed-registry.js';

/** How often idle users are removed, and how long they are kept after their last use, in milliseconds. */
const MAINTENANCE_MS = 30_000;
const KEPT_MS = 5 * 60_000;
/** Each user is compared with the database once in this time, spread out. */
const RESYNC_MS = 10 * 60_000;
const USERS_PER_RESYNC = 200;

/** Compares what this process knows with the database: everything after a possible loss, and each user every ten minutes. */
@Injectable()
export class FeedResync implements OnModuleDestroy {
  private readonly timer = setInterval(() => this.maintain(), MAINTENANCE_MS).unref();
  private running: Promise<void> | undefined;
  private isWanted = false;

  constructor(
    private readonly registry: FeedRegistry,
    private readonly bus: EventBus,
  ) {
    bus.onPossibleLoss(() => this.resync());
  }

  /** Waiting polls are answered: see FeedRegistry.close. */
  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.registry.close();
  }

  /** Whether the feeds can be relied on: the bus was received within the last second, and what it lost has been found. */
  get isReliable(): boolean {
    return this.bus.isHealthy() && !this.running;
  }

  /** Compares every user. One resync runs at a time; a possible loss meanwhile starts it again. */
  private resync(): void {
    this.isWanted = true;
    this.running ??= this.resyncUntilStable().finally(() => (this.running = undefined));
  }

  private async resyncUntilStable(): Promise<void> {
    while (this.isWanted && !this.registry.isClosing) {
      this.isWanted = false;
      try {
        const users = [...this.registry.localUsers()];
        for (let i = 0; i < users.length; i += USERS_PER_RESYNC) {
          await this.registry.compareWithDatabase(users.slice(i, i + USERS_PER_RESYNC));
        }
        for (const user of users) for (const subscriber of user.subscribers) subscriber.resynced();
      } catch (error) {
        // guard: test/live-histories.spec.ts
        this.isWanted = true;
        await this.registry.readFailed(error);
      }
    }
  }

  /** Removes idle users, and compares a share of those whose turn it is. */
  private maintain(): void {
    for (const user of this.registry.localUsers()) if (user.isIdle(KEPT_MS)) this.registry.removeUser(user);
    const now = performance.now();
    const due = [...this.registry.localUsers()].filter(({ resyncedAt }) => now - resyncedAt > RESYNC_MS);
    const share = Math.ceil((this.registry.userCount * 2 * MAINTENANCE_MS) / RESYNC_MS);
    const chosen = due.slice(0, Math.max(share, 1));
    if (chosen.length === 0) return;
    void this.registry.compareWithDatabase(chosen).catch((error) => this.registry.readFailed(error));
  }
}
