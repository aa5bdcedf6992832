import { Injectable } from '@nestjs/common';
import type { ActingUser } from '../common/caller.js';
import type { ConversationId, UserId } from '../common/ids.js';
import { DEFAULT_LIMIT } from '../common/paging.dto.js';
import { conversationNotFound, invalid } from '../common/problems.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import type { Tx } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { MessageViews } from './message-views.service.js';
import type { Message } from './messages.dto.js';
import type { SeenMessage } from './seen-message.js';
import type { MessageWindow, WindowQuery } from './windows.dto.js';
import { WindowsRepository, type WindowRow } from './windows.repository.js';

/** The number after which to read in one conversation. */
export interface WindowStart {
  readonly conversationId: ConversationId;
  readonly seq: number;
  /** The membership to read in; if it is not the current one, there is no window. */
  readonly joinedSeq?: number;
}

/** Reads windows: stretches of single conversations. */
@Injectable()
export class WindowsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly conversations: ConversationsService,
    private readonly repository: WindowsRepository,
    private readonly views: MessageViews,
  ) {}

  /** @throws conversation-not-found, user-not-found (404); invalid (422): both directions at once */
  async read(me: ActingUser, conversation: string, query: WindowQuery): Promise<MessageWindow> {
    const { beforeSeq, afterSeq, limit = DEFAULT_LIMIT } = query;
    if (beforeSeq !== undefined && afterSeq !== undefined) {
      const message = 'cannot go together with beforeSeq';
      throw invalid('A window goes back or on, not both.', [{ field: 'afterSeq', message }]);
    }
    const conversationId = await this.conversations.resolve(me, conversation);
    const window =
      afterSeq === undefined
        ? await this.before(me.userId, conversationId, beforeSeq ?? Number.MAX_SAFE_INTEGER, limit)
        : (await this.after(this.work.now, me.userId, [{ conversationId, seq: afterSeq }], limit)).get(conversationId);
    if (!window) throw conversationNotFound();
    return window;
  }

  /**
   * The windows after these positions, one statement for all; none for a conversation that the user is not in. `more` says
   * whether the log continues.
   */
  async after(
    tx: Tx,
    userId: UserId,
    positions: readonly WindowStart[],
    limit: number,
  ): Promise<ReadonlyMap<ConversationId, MessageWindow>> {
    const rows = await this.repository.after(tx, userId, positions, limit);
    const messages = await this.messagesById(tx, userId, rows);
    const byConversation = groupByConversation(rows);
    const windows = new Map<ConversationId, MessageWindow>();
    for (const { conversationId, seq, joinedSeq } of positions) {
      const found = byConversation.get(conversationId);
      if (!found || (joinedSeq !== undefined && found[0]!.joinedSeq !== joinedSeq)) continue;
      const { lastSeq } = found[0]!;
      const looked = found.filter((row) => row.seq !== null);
      const toSeq = Math.max(seq, looked.length === limit ? looked.at(-1)!.seq : lastSeq);
      const items = itemsOf(looked, messages);
      windows.set(conversationId, { items, afterSeq: seq, toSeq, more: toSeq < lastSeq });
    }
    return windows;
  }

  private async before(
    userId: UserId,
    conversationId: ConversationId,
    beforeSeq: number,
    limit: number,
  ): Promise<MessageWindow | undefined> {
    const rows = await this.repository.before(this.work.now, userId, conversationId, beforeSeq, limit);
    if (!rows[0]) return undefined;
    const { joinedSeq, lastSeq } = rows[0];
    const looked = rows.filter((row) => row.seq !== null);
    const afterSeq = looked.length === limit ? looked.at(-1)!.seq - 1 : joinedSeq;
    const toSeq = Math.max(afterSeq, Math.min(beforeSeq - 1, lastSeq));
    const items = itemsOf(looked, await this.messagesById(this.work.now, userId, rows));
    return { items, afterSeq, toSeq, more: afterSeq > joinedSeq };
  }

  private async messagesById(
    tx: Tx,
    userId: UserId,
    rows: readonly WindowRow[],
  ): Promise<ReadonlyMap<WindowRow, Message>> {
    const visible = rows.filter((row): row is WindowRow & SeenMessage => row.seq !== null && row.visible);
    const messages = await this.views.of(tx, userId, visible);
    return new Map(visible.map((row, i) => [row, messages[i]!]));
  }
}

const itemsOf = (rows: readonly WindowRow[], messages: ReadonlyMap<WindowRow, Message>): Message[] =>
  rows.flatMap((row) => messages.get(row) ?? []);

function groupByConversation(rows: readonly WindowRow[]): Map<ConversationId, WindowRow[]> {
  const groups = new Map<ConversationId, WindowRow[]>();
  for (const row of rows) {
    const group = groups.get(row.conversationId);
    if (group) group.push(row);
    else groups.set(row.conversationId, [row]);
  }
  return groups;
}
