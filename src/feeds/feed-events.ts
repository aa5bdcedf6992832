import { Injectable } from '@nestjs/common';
import { EventBus } from '../events/event-bus.js';
import type { EventMap } from '../events/events.js';
import { FeedRegistry } from './feed-registry.js';
import type { ConversationChange } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';

/** Applies what events say, of this process and of others, to the feeds. They are hints: late, doubled or missing ones do no harm. */
@Injectable()
export class FeedEvents {
  constructor(
    private readonly registry: FeedRegistry,
    bus: EventBus,
  ) {
    bus.on('message.sent', (sent) => this.registry.feed(sent.conversationId)?.messageSent(sent));
    bus.on('receipt.moved', (receipt) => this.registry.feed(receipt.conversationId)?.receipt(receipt));
    bus.on('typing.started', (typing) => this.registry.feed(typing.conversationId)?.typing(typing));
    bus.on('conversation.opened', (opened) => this.membersChanged(opened));
    bus.on('members.joined', (joined) => this.membersChanged(joined, 'joined'));
    bus.on('members.left', (left) => this.membersChanged(left, 'left'));
    bus.on('member.role-changed', (changed) => this.membersChanged(changed, 'role'));
    bus.on('group.renamed', ({ conversationId }) =>
      this.registry.feed(conversationId)?.announce({ conversationId, change: 'renamed', isSmall: true }),
    );
    bus.on('group.deleted', (deleted) => this.groupDeleted(deleted));
    bus.on('block.changed', (changed) => this.blockChanged(changed));
  }

  /** Without `userIds` they are too many to name, so it may be any user of this process. */
  private membersChanged(
    event: EventMap['members.left'] | EventMap['conversation.opened'],
    change?: 'joined' | 'left' | 'role',
  ): void {
    const { conversationId, membersVersion, userIds } = event;
    const localIds = userIds?.filter((id) => this.registry.localUser(id));
    const concerned = localIds?.map((id) => this.registry.localUser(id)!) ?? this.registry.localUsers();
    // guard: src/feeds/feed-events.spec.ts
    for (const user of concerned) user.invalidateReads();
    const mayBeLocal = localIds === undefined ? this.registry.userCount > 0 : localIds.length > 0;
    const feed = mayBeLocal ? this.registry.openFeed(conversationId) : this.registry.feed(conversationId);
    const changes: ConversationChange[] = change
      ? (userIds ?? []).map((userId) => ({ conversationId, change, userId, isSmall: false }))
      : [];
    feed?.membersChanged(localIds, membersVersion, changes);
  }

  private groupDeleted({ conversationId }: EventMap['group.deleted']): void {
    // guard: src/feeds/feed-events.spec.ts
    for (const user of this.registry.localUsers()) user.invalidateReads();
    this.registry.feed(conversationId)?.conversationDeleted();
  }

  /** Hides at once what a block hides; then the database says exactly. */
  private blockChanged({ blockerId, blockedId, blocked, blocksVersion }: EventMap['block.changed']): void {
    const blocker = this.registry.localUser(blockerId);
    const other = this.registry.localUser(blockedId);
    // guard: src/feeds/feed-events.spec.ts
    blocker?.invalidateReads();
    // guard: src/feeds/feed-events.spec.ts
    other?.invalidateReads();
    // guard: src/feeds/feed-events.spec.ts
    if (blocked) blocker?.hideSender(blockedId);
    // guard: src/feeds/feed-events.spec.ts
    if (blocked) other?.addBlocker(blockerId);
    // guard: src/feeds/feed-events.spec.ts
    if (blocker && blocksVersion > blocker.blocksVersion) blocker.setBlocksVersion(blocksVersion);
    const loaded = [blocker, other].filter((user): user is LocalUser => user?.isLoaded ?? false);
    // guard: src/feeds/feed-events.spec.ts
    if (loaded.length > 0) void this.registry.readBlocks(loaded);
  }
}
