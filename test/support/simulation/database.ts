import { directConversationId, type ConversationId, type UserId } from '../../../src/common/ids.js';
import { Kind } from '../../../src/conversations/conversation.entity.js';
import type { AnyEvent } from '../../../src/events/events.js';
import type { BlocksRow, FeedState, MembershipRow, MembersRow } from '../../../src/feeds/feeds.repository.js';
import type { MessageRow } from '../../../src/messages/seen-message.js';

interface Place {
  readonly joinedSeq: number;
  deliveredSeq: number;
}

/** A time in which somebody was a member: messages after `joinedSeq`, up to `leftSeq`. */
interface Stay {
  readonly userId: UserId;
  readonly joinedSeq: number;
  leftSeq: number;
}

interface Conversation {
  readonly id: ConversationId;
  readonly kind: Kind;
  readonly ends: readonly UserId[];
  name: string;
  membersVersion: number;
  isDeleted: boolean;
  readonly messages: MessageRow[];
  readonly members: Map<UserId, Place>;
  readonly stays: Stay[];
}

interface User {
  blocksVersion: number;
  readonly blocked: Set<UserId>;
}

/** A window, as the statement of windows answers it. */
export interface SeenWindow {
  readonly rows: readonly MessageRow[];
  readonly toSeq: number;
  readonly lastSeq: number;
  readonly joinedSeq: number;
}

/**
 * What PostgreSQL holds, and what each statement sees of it. A change answers the events that tell of it; it is one
 * commit. Names of users and groups are their ids.
 */
export class SimulatedDatabase {
  readonly conversations = new Map<ConversationId, Conversation>();
  readonly users: ReadonlyMap<UserId, User>;

  constructor(
    userIds: readonly UserId[],
    /** Groups, which the first user is in and stays in. */
    groupIds: readonly ConversationId[],
  ) {
    this.users = new Map(userIds.map((id) => [id, { blocksVersion: 0, blocked: new Set<UserId>() }]));
    for (const id of groupIds) this.enter(this.create(id, Kind.group, []), userIds[0]!);
  }

  // ---- changes ----

  /** The first message of a pair finds no conversation: it opens it, and is sent again by whoever asks. */
  send(conversationId: ConversationId, senderId: UserId): AnyEvent[] {
    const conversation = this.conversations.get(conversationId);
    if (!conversation?.members.has(senderId)) return [];
    const { messages, membersVersion, kind, ends } = conversation;
    const peer = ends.find((id) => id !== senderId);
    if (kind === Kind.direct && peer && this.users.get(peer)!.blocked.has(senderId)) return [];
    const seq = messages.length + 1;
    const sentAt = new Date(seq);
    const text = `${seq} of ${conversationId}`;
    messages.push({ conversationId, seq, senderId, clientMessageId: null, text, sentAt });
    const data = { conversationId, seq, senderId, text, sentAt: sentAt.toISOString(), membersVersion };
    return [{ name: 'message.sent', data }];
  }

  open(one: UserId, other: UserId): AnyEvent[] {
    const id = directConversationId(one, other);
    if (this.conversations.has(id) || this.users.get(other)!.blocked.has(one)) return [];
    const userIds = [...new Set([one, other])];
    const conversation = this.create(id, Kind.direct, userIds.toSorted());
    for (const userId of userIds) this.enter(conversation, userId);
    return [{ name: 'conversation.opened', data: { conversationId: id, membersVersion: 1, userIds } }];
  }

  join(conversationId: ConversationId, userId: UserId, isNamed: boolean): AnyEvent[] {
    const conversation = this.conversations.get(conversationId)!;
    if (conversation.isDeleted || conversation.members.has(userId)) return [];
    const membersVersion = ++conversation.membersVersion;
    this.enter(conversation, userId);
    const joinedSeq = conversation.messages.length;
    const who = isNamed ? { userIds: [userId] } : {};
    return [{ name: 'members.joined', data: { conversationId, membersVersion, joinedSeq, ...who } }];
  }

  leave(conversationId: ConversationId, userId: UserId, isNamed: boolean): AnyEvent[] {
    const conversation = this.conversations.get(conversationId)!;
    if (!conversation.members.has(userId)) return [];
    const membersVersion = ++conversation.membersVersion;
    this.exit(conversation, userId);
    const who = isNamed ? { userIds: [userId] } : {};
    const left: AnyEvent = { name: 'members.left', data: { conversationId, membersVersion, ...who } };
    if (conversation.members.size > 0) return [left];
    conversation.isDeleted = true;
    return [left, { name: 'group.deleted', data: { conversationId, ...who } }];
  }

  deleteGroup(conversationId: ConversationId): AnyEvent[] {
    const conversation = this.conversations.get(conversationId)!;
    if (conversation.isDeleted) return [];
    const userIds = [...conversation.members.keys()];
    for (const userId of userIds) this.exit(conversation, userId);
    conversation.membersVersion++;
    conversation.isDeleted = true;
    return [{ name: 'group.deleted', data: { conversationId, userIds } }];
  }

  changeRole(conversationId: ConversationId, userId: UserId): AnyEvent[] {
    const conversation = this.conversations.get(conversationId)!;
    if (!conversation.members.has(userId)) return [];
    const membersVersion = ++conversation.membersVersion;
    return [{ name: 'member.role-changed', data: { conversationId, membersVersion, userIds: [userId] } }];
  }

  rename(conversationId: ConversationId): AnyEvent[] {
    return this.conversations.get(conversationId)!.isDeleted
      ? []
      : [{ name: 'group.renamed', data: { conversationId } }];
  }

  block(blockerId: UserId, blockedId: UserId, blocked: boolean): AnyEvent[] {
    const user = this.users.get(blockerId)!;
    if (blockerId === blockedId || user.blocked.has(blockedId) === blocked) return [];
    user.blocked[blocked ? 'add' : 'delete'](blockedId);
    const blocksVersion = ++user.blocksVersion;
    return [{ name: 'block.changed', data: { blockerId, blockedId, blocked, blocksVersion } }];
  }

  delivered(conversationId: ConversationId, userId: UserId): void {
    const conversation = this.conversations.get(conversationId);
    const place = conversation?.members.get(userId);
    if (conversation && place) place.deliveredSeq = conversation.messages.length;
  }

  // ---- what statements see ----

  memberships(userIds: readonly UserId[]): MembershipRow[] {
    return [...this.conversations.values()].flatMap((conversation) =>
      userIds.flatMap((userId) => {
        const place = conversation.members.get(userId);
        return place ? [{ ...stateOf(conversation), userId, ...place }] : [];
      }),
    );
  }

  members(conversationId: ConversationId, asked: readonly UserId[]): MembersRow | undefined {
    const conversation = this.conversations.get(conversationId);
    if (!conversation || conversation.isDeleted) return undefined;
    const userIds = asked.filter((id) => conversation.members.has(id));
    const joinedSeqs = userIds.map((id) => conversation.members.get(id)!.joinedSeq);
    return { ...stateOf(conversation), userIds, joinedSeqs };
  }

  blocks(userIds: readonly UserId[]): BlocksRow[] {
    return userIds.map((userId) => ({
      userId,
      blocksVersion: this.users.get(userId)!.blocksVersion,
      blocked: [...this.users.get(userId)!.blocked],
      blockedBy: [...this.users].flatMap(([id, { blocked }]) => (blocked.has(userId) ? [id] : [])),
    }));
  }

  gap(conversationId: ConversationId, afterSeq: number, toSeq: number, limit: number): MessageRow[] {
    return this.conversations.get(conversationId)!.messages.slice(afterSeq, toSeq).slice(0, limit);
  }

  window(userId: UserId, conversationId: ConversationId, afterSeq: number, limit: number): SeenWindow | undefined {
    const conversation = this.conversations.get(conversationId);
    const place = conversation?.members.get(userId);
    if (!conversation || !place) return undefined;
    const lastSeq = conversation.messages.length;
    const from = Math.max(afterSeq, place.joinedSeq);
    const looked = conversation.messages.slice(from, from + limit);
    const toSeq = Math.max(afterSeq, looked.length === limit ? looked.at(-1)!.seq : lastSeq);
    return {
      rows: looked.filter((row) => this.isVisible(userId, conversation, row)),
      toSeq,
      lastSeq,
      joinedSeq: place.joinedSeq,
    };
  }

  /** The head's joinedSeq; undefined where the conversation is not listed. */
  head(userId: UserId, conversationId: ConversationId): { joinedSeq: number; lastSeq: number } | undefined {
    const conversation = this.conversations.get(conversationId);
    const place = conversation?.members.get(userId);
    const isListed = conversation && (conversation.kind === Kind.group || conversation.messages.length > 0);
    return place && isListed ? { joinedSeq: place.joinedSeq, lastSeq: conversation.messages.length } : undefined;
  }

  // ---- the truth ----

  conversationsOf(userId: UserId): Conversation[] {
    return [...this.conversations.values()].filter((one) => this.head(userId, one.id) !== undefined);
  }

  visibleSeqs(userId: UserId, conversation: Conversation, afterSeq: number): number[] {
    return conversation.messages
      .filter((row) => row.seq > afterSeq && this.isVisible(userId, conversation, row))
      .map(({ seq }) => seq);
  }

  /** The joinedSeq of the stay in which the user was when the message was stored; undefined where they were not in. */
  stayOf(userId: UserId, conversationId: ConversationId, seq: number): number | undefined {
    return this.conversations
      .get(conversationId)!
      .stays.find((stay) => stay.userId === userId && stay.joinedSeq < seq && seq <= stay.leftSeq)?.joinedSeq;
  }

  private isVisible(userId: UserId, { kind }: Conversation, { senderId }: MessageRow): boolean {
    return kind === Kind.direct || !this.users.get(userId)!.blocked.has(senderId);
  }

  private create(id: ConversationId, kind: Kind, ends: readonly UserId[]): Conversation {
    const members = new Map<UserId, Place>();
    const conversation = {
      id,
      kind,
      ends,
      name: id,
      membersVersion: 1,
      isDeleted: false,
      messages: [],
      members,
      stays: [],
    };
    this.conversations.set(id, conversation);
    return conversation;
  }

  private enter({ messages, members, stays }: Conversation, userId: UserId): void {
    const joinedSeq = messages.length;
    members.set(userId, { joinedSeq, deliveredSeq: joinedSeq });
    stays.push({ userId, joinedSeq, leftSeq: Infinity });
  }

  private exit({ messages, members, stays }: Conversation, userId: UserId): void {
    members.delete(userId);
    stays.findLast((stay) => stay.userId === userId)!.leftSeq = messages.length;
  }
}

const stateOf = ({ id, kind, ends, messages, membersVersion, members }: Conversation): FeedState => ({
  conversationId: id,
  kind,
  userA: ends[0] ?? null,
  userB: ends.at(-1) ?? null,
  lastSeq: messages.length,
  membersVersion,
  memberCount: members.size,
});
