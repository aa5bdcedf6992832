import { Module } from '@nestjs/common';
import { BlocksModule } from '../blocks/blocks.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { ConversationsController } from './conversations.controller.js';
import { HeadsRepository } from './heads.repository.js';
import { HeadsService } from './heads.service.js';
import { SyncController } from './sync.controller.js';
import { SyncService } from './sync.service.js';

@Module({
  imports: [UsersModule, BlocksModule, ConversationsModule, MessagesModule],
  controllers: [ConversationsController, SyncController],
  providers: [HeadsService, HeadsRepository, SyncService],
  exports: [HeadsService],
})
export class InboxModule {}
