import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { MembersRepository } from './members.repository.js';
import { MembershipsService } from './memberships.service.js';

@Module({
  imports: [UsersModule],
  providers: [ConversationsService, ConversationsRepository, MembershipsService, MembersRepository],
  exports: [ConversationsService, MembershipsService],
})
export class ConversationsModule {}
