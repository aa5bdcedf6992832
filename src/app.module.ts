import { Module, type DynamicModule } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BlocksModule } from './blocks/blocks.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { FeedsModule } from './feeds/feeds.module.js';
import { GroupsModule } from './groups/groups.module.js';
import { HealthModule } from './health/health.module.js';
import { InboxModule } from './inbox/inbox.module.js';
import { LiveModule } from './live/live.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { schema } from './schema.js';
import { UsersModule } from './users/users.module.js';

/** The whole application, for these settings. Express tries routes in the order of these modules: the busiest come first. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(settings),
        DatabaseModule.with(schema),
        InboxModule,
        MessagesModule,
        LiveModule,
        FeedsModule,
        GroupsModule,
        BlocksModule,
        UsersModule,
        AuthModule,
        AccountsModule,
        HealthModule,
      ],
    };
  }
}
