import { Injectable } from '@nestjs/common';
import type { UserId } from '../common/ids.js';
import { FeedRegistry } from './feed-registry.js';
import { FeedResync } from './feed-resync.js';
import type { LocalUser } from './local-user.js';

/** The client of a held poll: a node connection is one. */
export interface WaitingClient {
  /** Whether the client has gone. */
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** What a poll asks of the feeds: whether anything may be unread for a user, and to wait until something comes. */
@Injectable()
export class UnreadWatch {
  constructor(
    private readonly registry: FeedRegistry,
    private readonly resync: FeedResync,
  ) {}

  /** The user, followed by this process from now on and for some minutes after. */
  async watch(userId: UserId): Promise<LocalUser> {
    const user = this.registry.openUser(userId);
    user.noteUse();
    if (!user.isLoaded) await user.retainDuring(() => this.registry.load(user));
    return user;
  }

  /** Whether nothing is unread for the user: known for sure, and at once. */
  hasNothingUnread(userId: UserId): boolean {
    const user = this.registry.localUser(userId);
    if (!user?.hasNothingUnread || !this.isReliable) return false;
    user.noteUse();
    return true;
  }

  get isReliable(): boolean {
    return this.resync.isReliable;
  }

  /** Whether the process is ending, so that nobody should wait for anything. */
  get isClosing(): boolean {
    return this.registry.isClosing;
  }

  /** Waits until something has come for the user since `notifyCount` was `since`, the time is up, or the client has gone. */
  async untilNotified(user: LocalUser, since: number, ms: number, client: WaitingClient): Promise<void> {
    if (user.notifyCount !== since || this.isClosing || client.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        cancel();
        client.off('close', done);
        resolve();
      };
      const cancel = user.onNextNotify(done);
      const timer = setTimeout(done, ms);
      client.once('close', done);
    });
    user.noteUse();
  }
}
