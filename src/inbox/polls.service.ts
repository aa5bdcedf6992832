import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import type { UserId } from '../common/ids.js';
import { Feeds } from '../feeds/feeds.service.js';
import { MessageListService } from './message-list.service.js';
import type { ListedMessages } from './message-list.answer.js';
import type { ListMessages } from './message-list.dto.js';

/** While the bus is silent the database is asked this often, in milliseconds, as a hint may not come. */
const UNSURE_MS = 1_000;

/** An empty page without the database. */
const EMPTY: ListedMessages = { page: { items: [] }, databaseMs: undefined };

/** Lists for clients without a socket: empty ones without the database where the feeds know, or held until something comes. */
@Injectable()
export class PollsService {
  constructor(
    private readonly lists: MessageListService,
    private readonly feeds: Feeds,
  ) {}

  /** Whether nothing is unread for the user, as far as the feeds know at once; false: ask `list`. */
  isKnownEmpty(userId: UserId): boolean {
    return this.feeds.isQuiet(userId);
  }

  /**
   * As MessageListService.list; with `wait` an empty answer is held until something comes, for that many seconds, as long as the
   * client stays connected.
   * @throws what MessageListService.list throws
   */
  async list(me: ActingUser, query: ListMessages, connection: Socket): Promise<ListedMessages> {
    const { wait = 0 } = query;
    const isInbox = asksForInbox(query);
    if (wait === 0 && !isInbox) return this.look(me, query);

    const until = performance.now() + wait * 1_000;
    const user = await this.feeds.watch(me.userId);
    let listed = EMPTY;
    for (;;) {
      const { touchCount, unreadCount } = user;
      const isSure = this.feeds.areSure;
      if (!(isInbox && user.isQuiet && isSure)) {
        listed = await this.look(me, query);
        const { page } = listed;
        if (page.items.length > 0 || page.next !== undefined) return listed;
        if (isInbox) user.setQuiet(unreadCount);
      }
      const left = until - performance.now();
      if (left <= 0 || connection.destroyed || this.feeds.areClosing) return listed;
      await this.feeds.untilTouched(user, touchCount, isSure ? left : Math.min(left, UNSURE_MS), connection);
    }
  }

  private async look(me: ActingUser, query: ListMessages): Promise<ListedMessages> {
    const startedAt = performance.now();
    const page = await this.lists.list(me, query);
    return { page, databaseMs: performance.now() - startedAt };
  }
}

/** `read=false` alone: what feeds know of is whether anything at all may be unread. */
const asksForInbox = ({ read, sender, recipient, conversation, cursor }: ListMessages): boolean =>
  read === false && [sender, recipient, conversation, cursor].every((part) => part === undefined);
