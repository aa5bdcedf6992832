import { Get, Param, Query } from '@nestjs/common';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { Problems } from '../common/problems.decorator.js';
import { conversationNotFound, userNotFound } from '../common/problems.js';
import { ParleyController } from '../http/parley-controller.js';
import { MessageWindow, WindowQuery } from './windows.dto.js';
import { WindowsService } from './windows.service.js';

@ParleyController('conversations/:conversation/messages')
export class WindowsController {
  constructor(private readonly windows: WindowsService) {}

  /** Read a stretch of one conversation: back from its end, or on from what one has. */
  @Get()
  @Problems(conversationNotFound, userNotFound)
  listConversationMessages(
    @CurrentUser() me: ActingUser,
    @Param('conversation') conversation: string,
    @Query() query: WindowQuery,
  ): Promise<MessageWindow> {
    return this.windows.read(me, conversation, query);
  }
}
