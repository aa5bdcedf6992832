import { Module } from '@nestjs/common';
import { DirectoryService } from './directory.service.js';
import { UserSummaryCache } from './user-summary.cache.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersController],
  providers: [UsersService, DirectoryService, UserSummaryCache, UsersRepository],
  exports: [UsersService],
})
export class UsersModule {}
