import { Get, Param, Query } from '@nestjs/common';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { Problems } from '../common/problems.decorator.js';
import { conversationNotFound, userNotFound } from '../common/problems.js';
import { ParleyController } from '../http/parley-controller.js';
import { HeadsService } from './heads.service.js';
import { Conversation, ConversationPage } from './inbox.dto.js';

@ParleyController('conversations')
export class ConversationsController {
  constructor(private readonly heads: HeadsService) {}

  /** List the caller's conversations, the one with the newest message first. */
  @Get()
  listConversations(@CurrentUser() me: ActingUser, @Query() query: PageQuery): Promise<ConversationPage> {
    return this.heads.list(me, query);
  }

  /** Get one conversation. */
  @Get(':conversation')
  @Problems(conversationNotFound, userNotFound)
  getConversation(@CurrentUser() me: ActingUser, @Param('conversation') conversation: string): Promise<Conversation> {
    return this.heads.get(me, conversation);
  }
}
