import type { Socket } from 'node:net';
import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import { Connection, CurrentUser, type ActingUser, type Reply } from '../common/caller.js';
import { EMPTY_PAGE_ETAG } from '../common/paging.dto.js';
import { Problems } from '../common/problems.decorator.js';
import { conversationNotFound, recipientNotFound, userNotFound } from '../common/problems.js';
import { ListMessages, MessagePage } from './message-list.dto.js';
import { PollsService } from './polls.service.js';

@Controller('messages')
export class MessageListController {
  constructor(private readonly polls: PollsService) {}

  /** List what the caller sent or received, over all conversations. */
  @Get()
  @ApiOkResponse({ type: MessagePage })
  @ApiResponse({ status: 304, description: 'There is still nothing: the page is as empty as the one with this ETag.' })
  @Problems(userNotFound, recipientNotFound, conversationNotFound)
  async listMessages(
    @CurrentUser() me: ActingUser,
    @Query() query: ListMessages,
    @Headers('if-none-match') known: string | undefined,
    @Connection() connection: Socket,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MessagePage | undefined> {
    const page = await this.polls.list(me, query, connection);
    if (page.items.length > 0 || page.next !== undefined) return page;
    reply.header('ETag', EMPTY_PAGE_ETAG);
    if (known !== EMPTY_PAGE_ETAG) return page;
    reply.status(304);
    return undefined;
  }
}
