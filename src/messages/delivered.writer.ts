import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { ConversationId, UserId } from '../common/ids.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import type { Marker } from '../conversations/membership.js';

/** At most one statement in this time, in milliseconds. */
const EVERY_MS = 1_000;

/** Gathers what sockets say was delivered, and writes it together. What is lost in a crash comes again: markers only move forward. */
@Injectable()
export class DeliveredWriter implements OnModuleDestroy {
  private readonly log = new Logger(DeliveredWriter.name);
  private waiting = new Map<string, Marker>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly conversations: ConversationsService) {}

  async onModuleDestroy(): Promise<void> {
    await this.write();
  }

  add(userId: UserId, conversationId: ConversationId, seq: number): void {
    const key = conversationId + userId;
    const before = this.waiting.get(key)?.deliveredSeq ?? 0;
    this.waiting.set(key, { conversationId, userId, deliveredSeq: Math.max(before, seq), readSeq: 0 });
    this.timer ??= setTimeout(() => void this.write(), EVERY_MS);
  }

  /** Also what another write still has in hand is through when it resolves. */
  private async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const markers = [...this.waiting.values()];
    this.waiting = new Map();
    this.writing = this.writing.then(async () => {
      if (markers.length === 0) return;
      await this.conversations.mark(markers).catch((error: Error) => this.log.warn(`not marked: ${error.message}`));
    });
    await this.writing;
  }
}
