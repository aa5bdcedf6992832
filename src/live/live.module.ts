import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { FeedsModule } from '../feeds/feeds.module.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { LiveLimits } from './live.limits.js';
import { LiveServer } from './live.server.js';
import { LiveServices } from './live.services.js';

@Module({
  imports: [AuthModule, MessagesModule, FeedsModule, InboxModule],
  providers: [LiveServer, LiveServices, LiveLimits],
})
export class LiveModule {}
