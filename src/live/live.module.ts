import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { FeedsModule } from '../feeds/feeds.module.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { UsersModule } from '../users/users.module.js';
import { DeliveredWriter } from './delivered.writer.js';
import { LiveLimits } from './live.limits.js';
import { LiveServer } from './live.server.js';
import { LiveServices } from './live.services.js';

@Module({
  imports: [UsersModule, AuthModule, ConversationsModule, MessagesModule, FeedsModule, InboxModule],
  providers: [LiveServer, LiveServices, LiveLimits, DeliveredWriter],
})
export class LiveModule {}
