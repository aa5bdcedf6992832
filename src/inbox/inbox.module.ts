import { Module } from '@nestjs/common';
import { BlocksModule } from '../blocks/blocks.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { FeedsModule } from '../feeds/feeds.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { ConversationsController } from './conversations.controller.js';
import { EmptyPolls } from './empty-polls.js';
import { HeadsRepository } from './heads.repository.js';
import { HeadsService } from './heads.service.js';
import { MessageListController } from './message-list.controller.js';
import { MessageListRepository } from './message-list.repository.js';
import { MessageListService } from './message-list.service.js';
import { PollsService } from './polls.service.js';
import { SyncController } from './sync.controller.js';
import { SyncService } from './sync.service.js';

@Module({
  imports: [UsersModule, BlocksModule, ConversationsModule, MessagesModule, FeedsModule],
  controllers: [ConversationsController, MessageListController, SyncController],
  providers: [
    EmptyPolls,
    HeadsService,
    HeadsRepository,
    MessageListRepository,
    MessageListService,
    PollsService,
    SyncService,
  ],
  exports: [HeadsService],
})
export class InboxModule {}
