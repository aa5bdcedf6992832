import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { ConversationsController } from './conversations.controller.js';
import { HeadsRepository } from './heads.repository.js';
import { HeadsService } from './heads.service.js';

@Module({
  imports: [UsersModule, ConversationsModule, MessagesModule],
  controllers: [ConversationsController],
  providers: [HeadsService, HeadsRepository],
  exports: [HeadsService],
})
export class InboxModule {}
