import { Injectable } from '@nestjs/common';
import { messageId, type UserId } from '../common/ids.js';
import { Kind } from '../conversations/conversation.entity.js';
import type { Tx } from '../database/tx.js';
import type { UserSummary } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import type { Message, Recipient } from './messages.dto.js';
import { isReadByOthers, MessagesRepository } from './messages.repository.js';
import type { ConversationView, MessageRow, SeenMessage } from './seen-message.js';

/** Makes messages of rows, as one user sees them: with the sender's summary, the recipient and `read`. */
@Injectable()
export class MessageViews {
  constructor(
    private readonly users: UsersService,
    private readonly repository: MessagesRepository,
  ) {}

  /** The messages of these rows, in their order. At most one more statement: how far others have read what is the caller's own. */
  async of(tx: Tx, userId: UserId, rows: readonly SeenMessage[]): Promise<Message[]> {
    const own = rows.filter(({ senderId }) => senderId === userId);
    const ownIn = [...new Set(own.map(({ conversationId }) => conversationId))];
    const [senders, readStates] = await Promise.all([
      this.users.summaries(rows.map(({ senderId }) => senderId)),
      this.repository.readStates(tx, userId, ownIn),
    ]);
    return rows.map((row) => {
      const state = readStates.get(row.conversationId);
      const isOwn = row.senderId === userId;
      const read = isOwn ? state !== undefined && isReadByOthers(row.seq, state) : row.seq <= row.readSeq;
      return messageView(row, {
        sender: senders.get(row.senderId)!,
        recipient: recipientOf(row, row.senderId),
        read,
        isOwn,
      });
    });
  }
}

/** The message to show: only its sender sees clientMessageId. */
export function messageView(
  row: MessageRow,
  seen: { sender: UserSummary; recipient: Recipient; read: boolean; isOwn: boolean },
): Message {
  return {
    id: messageId(row.conversationId, row.seq),
    conversationId: row.conversationId,
    seq: row.seq,
    sender: seen.sender,
    recipient: seen.recipient,
    text: row.text,
    sentAt: row.sentAt,
    read: seen.read,
    ...(seen.isOwn && row.clientMessageId !== null && { clientMessageId: row.clientMessageId }),
  };
}

/** The recipient of a sender's messages in this conversation: the group, or the other user. */
export function recipientOf(
  conversation: Pick<ConversationView, 'kind' | 'userA' | 'userB'> & { conversationId: string },
  senderId: UserId,
): Recipient {
  if (conversation.kind === Kind.group) return { kind: 'group', id: conversation.conversationId };
  return { kind: 'user', id: (senderId === conversation.userA ? conversation.userB : conversation.userA)! };
}
