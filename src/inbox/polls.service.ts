import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import type { UserId } from '../common/ids.js';
import { FeedsService } from '../feeds/feeds.service.js';
import { MessageListService } from './message-list.service.js';
import type { ListMessages, MessagePage } from './message-list.dto.js';

/** While the bus is silent the database is asked this often, in milliseconds, as a hint may not come. */
const UNSURE_MS = 1_000;

const EMPTY: MessagePage = { items: [] };

/** Lists for clients without a socket: empty ones without the database where the feeds know, or held until something comes. */
@Injectable()
export class PollsService {
  constructor(
    private readonly lists: MessageListService,
    private readonly feeds: FeedsService,
  ) {}

  /** Whether nothing is unread for the user, as far as the feeds know at once; false: ask `list`. */
  isKnownEmpty(userId: UserId): boolean {
    return this.feeds.hasNothingUnread(userId);
  }

  /**
   * As MessageListService.list; with `wait` an empty answer is held until something comes, for that many seconds, as long as the
   * client stays connected.
   * @throws what MessageListService.list throws
   */
  async list(me: ActingUser, query: ListMessages, connection: Socket): Promise<MessagePage> {
    const { wait = 0 } = query;
    const isInbox = asksForInbox(query);
    if (wait === 0 && !isInbox) return this.lists.list(me, query);

    const until = performance.now() + wait * 1_000;
    const user = await this.feeds.watch(me.userId);
    for (;;) {
      const { notifyCount, unreadCount } = user;
      const isSure = this.feeds.areReliable;
      if (!(isInbox && user.hasNothingUnread && isSure)) {
        const page = await this.lists.list(me, query);
        if (page.items.length > 0 || page.next !== undefined) return page;
        if (isInbox) user.setNothingUnread(unreadCount);
      }
      const left = until - performance.now();
      if (left <= 0 || connection.destroyed || this.feeds.isClosing) return EMPTY;
      await this.feeds.untilNotified(user, notifyCount, isSure ? left : Math.min(left, UNSURE_MS), connection);
    }
  }
}

/** `read=false` alone: what feeds know of is whether anything at all may be unread. */
const asksForInbox = ({ read, sender, recipient, conversation, cursor }: ListMessages): boolean =>
  read === false && [sender, recipient, conversation, cursor].every((part) => part === undefined);
