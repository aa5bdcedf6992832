import type { ConversationId, UserId } from '../common/ids.js';
import type { EventMap } from '../events/events.js';
import type { Message } from '../messages/messages.dto.js';

/** A message that a feed fans out: the same for every subscriber, except for what only its sender may see. */
export interface FanOutMessage {
  /** As every other member sees it while it is new: not read, without clientMessageId. */
  readonly message: Message;
  readonly clientMessageId: string | undefined;
}

/** A change of a conversation, for its members. */
export interface ConversationChange {
  readonly conversationId: ConversationId;
  readonly change: 'joined' | 'left' | 'renamed' | 'role' | 'deleted';
  /** The user who joined, left or changed. */
  readonly userId?: UserId;
  /** Whether the conversation is small enough for receipts, typing and new heads. */
  readonly isSmall: boolean;
}

/** A subscription as its subscriber sees it: something to hand back to `FeedsService.readBacklog`. */
export interface LaggingSubscription {
  readonly conversationId: ConversationId;
  /** Whether it still exists and has not reached the end of its feed. */
  readonly isLagging: boolean;
}

/**
 * A live reader, that is a socket. Feeds call these methods in the order in which the client has to learn of things.
 * None of them may throw.
 */
export interface FeedSubscriber {
  /** A message in its place: nothing that the user may see lies between `afterSeq` and it. */
  fanOut(message: FanOutMessage, afterSeq: number): void;
  /** The same, of a message that was read for this subscriber alone. */
  message(message: Message, afterSeq: number): void;
  /** The subscription gets nothing until its backlog has been read: see FeedsService.readBacklog. */
  lagging(subscription: LaggingSubscription): void;
  /** The user is in this conversation, from joinedSeq on, and the subscriber not in its feed yet: see FeedsService.subscribe. */
  joined(conversationId: ConversationId, joinedSeq: number): void;
  /** The user is not in it any more: the subscription is gone. */
  left(conversationId: ConversationId): void;
  changed(change: ConversationChange): void;
  receipt(receipt: EventMap['receipt.moved']): void;
  typing(typing: EventMap['typing.started']): void;
  /** The user has blocked or unblocked someone, so other group messages are hidden. */
  blocksChanged(blocksVersion: number): void;
  /** After a possible loss, what this process knows has been compared with the database. */
  resynced(): void;
}
