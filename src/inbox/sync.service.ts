import { Injectable } from '@nestjs/common';
import { BlocksService } from '../blocks/blocks.service.js';
import type { ActingUser } from '../common/caller.js';
import { CursorKind, isId, isOneOf } from '../common/cursor.js';
import { LOWEST_ID, type ConversationId } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT } from '../common/paging.dto.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { WindowsService } from '../messages/windows.service.js';
import { HeadsRepository } from './heads.repository.js';
import { HeadsService } from './heads.service.js';
import type { Position, Positions, SyncPage, SyncRequest } from './sync.dto.js';

/** Messages per conversation in one answer. */
const WINDOW = 50;

/** Conversations go on after this id; whether the groups' positions count stays as the first answer had it. */
const syncCursor = new CursorKind<[afterId: ConversationId, groupsAnew: 0 | 1]>('y1', isId, isOneOf(0, 1));

/** For clients that keep everything and hold no socket: what they do not have yet. */
@Injectable()
export class SyncService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly blocks: BlocksService,
    private readonly heads: HeadsService,
    private readonly windows: WindowsService,
    private readonly repository: HeadsRepository,
  ) {}

  /** One answer is one snapshot. @throws malformed (400): the cursor */
  async sync(me: ActingUser, request: SyncRequest): Promise<SyncPage> {
    const { limit = DEFAULT_LIMIT, cursor } = request;
    const positions = [...byConversation(request.positions ?? {})].map(([conversationId, position]) => ({
      conversationId,
      ...position,
    }));
    const going = cursor === undefined ? undefined : syncCursor.decode(cursor);
    return this.work.run(async (tx) => {
      const blocksVersion = await this.blocks.blocksVersion(tx, me.userId);
      const [afterId, anew] = going ?? [LOWEST_ID, request.blocksVersion === blocksVersion ? 0 : 1];
      const { rows, ...next } = await readPage(
        limit,
        (atMost) => this.repository.ahead(tx, me.userId, positions, { afterId, groupsAnew: anew === 1, limit: atMost }),
        ({ conversationId }) => syncCursor.encode(conversationId, anew),
      );
      const ids = rows.map(({ conversationId }) => conversationId);
      const heads = new Map((await this.heads.within(tx, me.userId, ids)).map((head) => [head.id, head]));
      const readOn = rows.map(({ conversationId, afterSeq }) => ({ conversationId, seq: afterSeq }));
      const windows = await this.windows.after(tx, me.userId, readOn, WINDOW);
      return {
        conversations: ids.map((id) => ({ conversation: heads.get(id)!, messages: windows.get(id)! })),
        gone: going
          ? []
          : await this.repository.gone(
              tx,
              me.userId,
              positions.map(({ conversationId }) => conversationId),
            ),
        blocksVersion,
        ...next,
      };
    }, 'REPEATABLE READ');
  }
}

/** One position per conversation: an id may come in either case, and of two the last one counts. */
const byConversation = (positions: Positions): ReadonlyMap<ConversationId, Position> =>
  new Map(Object.entries(positions).map(([id, position]) => [id.toLowerCase(), position]));
