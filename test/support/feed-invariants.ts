import type { FeedRegistry } from '../../src/feeds/feed-registry.js';

/**
 * What holds in the feeds of a process between two turns of the event loop: see ConversationFeed.
 * @throws an Error that names the first broken invariant
 */
export function assertFeedInvariants(registry: FeedRegistry): void {
  for (const user of registry.localUsers()) {
    for (const conversationId of user.conversationIds) {
      if (registry.feed(conversationId)?.joinedSeqOf(user) === undefined) {
        throw new Error(`${user.id} has the feed of ${conversationId}, which does not have them as a member`);
      }
    }
  }
  for (const feed of registry.feeds()) {
    for (const user of registry.localUsers()) {
      const isMember = feed.joinedSeqOf(user) !== undefined;
      if (isMember && !user.conversationIds.has(feed.conversationId)) {
        throw new Error(`${user.id} is a member in the feed of ${feed.conversationId}, and does not know it`);
      }
      for (const subscriber of user.subscribers) {
        const subscription = feed.subscriptionOf(subscriber);
        if (subscription && !isMember) throw new Error(`${user.id} is subscribed without being a member`);
        if (subscription && subscription.sentSeq > subscription.scannedSeq) {
          throw new Error(`${user.id} was sent ${subscription.sentSeq}, beyond what was looked at`);
        }
      }
    }
    const known = [...registry.localUsers()].flatMap(({ subscribers }) => subscribers);
    const subscribed = known.filter((subscriber) => feed.subscriptionOf(subscriber)).length;
    if (subscribed !== feed.subscriptionCount) throw new Error('a subscription has outlived its subscriber');
  }
}
