import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import type { UserId } from '../common/ids.js';
import { UnreadWatch, type WaitingClient } from '../feeds/unread-watch.service.js';
import { MessageListService } from './message-list.service.js';
import type { ListedMessages } from './message-list.answer.js';
import type { ListMessages } from './message-list.dto.js';

/** While the feeds cannot be relied on, a held poll asks the database this often, in milliseconds: a hint may not come. */
const UNRELIABLE_MS = 1_000;

/** An empty page without the database. */
const EMPTY: ListedMessages = { page: { items: [] }, databaseMs: undefined };

/** Lists for clients without a socket: empty ones without the database if the feeds know, or held until something comes. */
@Injectable()
export class PollsService {
  constructor(
    private readonly lists: MessageListService,
    private readonly unread: UnreadWatch,
  ) {}

  /** Whether nothing is unread for the user, as far as the feeds know at once; false: ask `list`. */
  isKnownEmpty(userId: UserId): boolean {
    return this.unread.hasNothingUnread(userId);
  }

  /**
   * As MessageListService.list; with `wait` an empty answer is held until something comes, for that many seconds, as long as the
   * client stays connected.
   * @throws what MessageListService.list throws
   */
  async list(me: ActingUser, query: ListMessages, client: WaitingClient): Promise<ListedMessages> {
    const { wait = 0 } = query;
    const isInbox = asksForInbox(query);
    if (wait === 0 && !isInbox) return this.look(me, query);

    const until = performance.now() + wait * 1_000;
    const user = await this.unread.watch(me.userId);
    let listed = EMPTY;
    for (;;) {
      const { notifyCount, unreadCount } = user;
      const isReliable = this.unread.isReliable;
      // guard `isInbox && user.hasNothingUnread && isReliable` => `false`: test/empty-polls.spec.ts
      if (!(isInbox && user.hasNothingUnread && isReliable)) {
        listed = await this.look(me, query);
        const { page } = listed;
        if (page.items.length > 0 || page.next !== undefined) return listed;
        if (isInbox) user.setNothingUnread(unreadCount);
      }
      const left = until - performance.now();
      if (left <= 0 || client.destroyed || this.unread.isClosing) return listed;
      await this.unread.untilNotified(user, notifyCount, isReliable ? left : Math.min(left, UNRELIABLE_MS), client);
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
