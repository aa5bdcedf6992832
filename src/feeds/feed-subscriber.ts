import type { ConversationId, UserId } from '../common/ids.js';
import type { EventMap } from '../events/events.js';
import type { FeedSubscription } from './feed-subscription.js';
import type { Message } from '../messages/messages.dto.js';

/** A message that a feed passes on: the same for every reader, but for what its sender alone may see. */
export interface FanOutMessage {
  /** As every other member sees it when it is new: not read, without clientMessageId. */
  readonly message: Message;
  readonly clientMessageId: string | undefined;
}

/** A change of a conversation, for its members. */
export interface ConversationChange {
  readonly conversationId: ConversationId;
  readonly change: 'joined' | 'left' | 'renamed' | 'role' | 'deleted';
  /** Who joined, left or changed. */
  readonly userId?: UserId;
  /** Whether the conversation is small enough for what only small ones are told. */
  readonly isSmall: boolean;
}

/** Who reads live: a socket. Feeds call these in the order in which things are to be told; none of them may throw. */
export interface FeedSubscriber {
  /** A message in its place: nothing that the user may see lies between `afterSeq` and it. */
  fanOut(passed: FanOutMessage, afterSeq: number): void;
  /** The same, of a message that was read for this follower alone. */
  message(message: Message, afterSeq: number): void;
  /** The cursor is behind its feed and gets nothing until it has been read up: see Feeds.readOn. */
  lagging(cursor: FeedSubscription): void;
  /** The user is in this conversation, from joinedSeq on, and the follower not yet in its feed: see Feeds.enter. */
  joined(conversationId: ConversationId, joinedSeq: number): void;
  /** The user is no longer in it: its cursor is gone. */
  left(conversationId: ConversationId): void;
  changed(change: ConversationChange): void;
  receipt(receipt: EventMap['receipt.moved']): void;
  typing(typing: EventMap['typing.started']): void;
  /** The user has blocked or unblocked someone: whose group messages are hidden has changed. */
  blocksChanged(blocksVersion: number): void;
  /** What the process knew was compared with the database after a disturbance. */
  resynced(): void;
}
