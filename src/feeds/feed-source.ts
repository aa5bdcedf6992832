import type { ConversationId, UserId } from '../common/ids.js';
import type { MessageSent } from '../events/events.js';
import type { FeedConversation, MembersRow } from './feeds.repository.js';
import type { FanOutMessage } from './feed-subscriber.js';
import type { LocalUser } from './local-user.js';

/** What a feed asks of its registry. */
export interface FeedSource {
  /** The members among these users, and the head, of one moment; undefined if the conversation is deleted. */
  readMembers(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MembersRow | undefined>;
  /** The messages after one number, up to another, at most `limit`, ready to be fanned out. */
  readGap(conversation: FeedConversation, afterSeq: number, toSeq: number, limit: number): Promise<FanOutMessage[]>;
  /** A hinted message, ready to be fanned out; undefined if something about it has to be read first. */
  prepare(conversation: FeedConversation, sent: MessageSent): FanOutMessage | undefined;
  localUsers(): Iterable<LocalUser>;
  localUser(id: UserId): LocalUser | undefined;
  /** No user of this process is in the conversation any more. */
  release(feed: { readonly conversationId: ConversationId }): void;
  /** A read failed. Resolves when the feed may try again. */
  readFailed(error: unknown): Promise<void>;
}
