import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus } from '../events/event-bus.js';
import { SweepRepository } from './sweep.repository.js';

/** How often it looks for conversations that another process deleted, or that a crash left, in milliseconds. */
const EVERY_MS = 60_000;
const CONVERSATIONS_AT_ONCE = 100;

/** Deletes the messages of deleted conversations, newest first, in small steps. */
@Injectable()
export class SweepService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(SweepService.name);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private isClosing = false;

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: SweepRepository,
    bus: EventBus,
  ) {
    bus.on('group.deleted', () => this.startSweep());
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.startSweep(), EVERY_MS).unref();
    this.startSweep();
  }

  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.timer);
    await this.sweeping;
  }

  private startSweep(): void {
    this.sweeping ??= this.sweep()
      .catch((error: Error) => this.log.warn(`the sweep continues in a minute: ${error.message}`))
      .finally(() => (this.sweeping = undefined));
  }

  private async sweep(): Promise<void> {
    for (;;) {
      const ids = await this.repository.deleted(this.work.now, CONVERSATIONS_AT_ONCE);
      if (ids.length === 0) return;
      for (const id of ids) {
        let hasMore = true;
        while (hasMore && !this.isClosing) hasMore = await this.work.run((tx) => this.repository.step(tx, id));
      }
      if (this.isClosing) return;
    }
  }
}
