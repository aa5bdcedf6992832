import { Module } from '@nestjs/common';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { FeedEvents } from './feed-events.js';
import { FeedRegistry } from './feed-registry.js';
import { FeedResync } from './feed-resync.js';
import { FeedsRepository } from './feeds.repository.js';
import { FeedsService } from './feeds.service.js';
import { UnreadWatch } from './unread-watch.service.js';

/** What this process follows: the conversations that its own users are in. */
@Module({
  imports: [UsersModule, MessagesModule],
  providers: [FeedEvents, FeedRegistry, FeedResync, FeedsRepository, FeedsService, UnreadWatch],
  exports: [FeedsService, UnreadWatch],
})
export class FeedsModule {}
