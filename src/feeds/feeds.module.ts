import { Module } from '@nestjs/common';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { FeedsRepository } from './feeds.repository.js';
import { Feeds } from './feeds.service.js';

/** What this process follows: the conversations that its own users are in. */
@Module({
  imports: [UsersModule, MessagesModule],
  providers: [Feeds, FeedsRepository],
  exports: [Feeds],
})
export class FeedsModule {}
