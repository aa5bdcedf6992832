import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationEntity } from '../conversations/conversation.entity.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { UsersModule } from '../users/users.module.js';
import { AppendQueue } from './append.queue.js';
import { AppendRepository } from './append.repository.js';
import { ClientMessages } from './client-messages.service.js';
import { DeliveredWriter } from './delivered.writer.js';
import { MessageViews } from './message-views.service.js';
import { MessagesController } from './messages.controller.js';
import { MessagesRepository } from './messages.repository.js';
import { MessagesService } from './messages.service.js';
import { SendingService } from './sending.service.js';
import { SweepRepository } from './sweep.repository.js';
import { SweepService } from './sweep.service.js';
import { WindowsController } from './windows.controller.js';
import { WindowsRepository } from './windows.repository.js';
import { WindowsService } from './windows.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([ConversationEntity], DATA_SOURCE), UsersModule, ConversationsModule],
  controllers: [MessagesController, WindowsController],
  providers: [
    AppendQueue,
    AppendRepository,
    ClientMessages,
    DeliveredWriter,
    MessageViews,
    MessagesRepository,
    MessagesService,
    SendingService,
    SweepRepository,
    SweepService,
    WindowsRepository,
    WindowsService,
  ],
  exports: [ClientMessages, WindowsService, MessageViews],
})
export class MessagesModule {}
