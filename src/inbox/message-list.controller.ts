import type { Socket } from 'node:net';
import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import { Connection, CurrentUser, type ActingUser } from '../common/caller.js';
import { Problems } from '../common/problems.decorator.js';
import { conversationNotFound, recipientNotFound, userNotFound } from '../common/problems.js';
import { ParleyController } from '../http/parley-controller.js';
import { AnswersList, type ListedMessages } from './message-list.answer.js';
import { ListMessages, MessagePage } from './message-list.dto.js';
import { PollsService } from './polls.service.js';

/** How an answer came about. */
const headers = { 'Server-Timing': { $ref: '#/components/headers/Server-Timing' } } as Record<string, object>;

@ParleyController('messages')
export class MessageListController {
  constructor(private readonly polls: PollsService) {}

  /** List what the caller sent or received, over all conversations. */
  @Get()
  @AnswersList()
  @ApiOkResponse({ type: MessagePage, headers })
  @ApiResponse({
    status: 304,
    description: 'There is still nothing: the page is as empty as the one with this ETag.',
    headers,
  })
  @Problems(userNotFound, recipientNotFound, conversationNotFound)
  listMessages(
    @CurrentUser() me: ActingUser,
    @Query() query: ListMessages,
    @Connection() connection: Socket,
  ): Promise<ListedMessages> {
    return this.polls.list(me, query, connection);
  }
}
