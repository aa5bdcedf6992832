import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DATA_SOURCE } from '../database/data-source.js';
import { UsersModule } from '../users/users.module.js';
import { ConversationEntity } from './conversation.entity.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { MemberEntity } from './member.entity.js';
import { MembersRepository } from './members.repository.js';
import { MembershipsService } from './memberships.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([ConversationEntity, MemberEntity], DATA_SOURCE), UsersModule],
  providers: [ConversationsService, ConversationsRepository, MembershipsService, MembersRepository],
  exports: [ConversationsService, MembershipsService],
})
export class ConversationsModule {}
