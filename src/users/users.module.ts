import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DATA_SOURCE } from '../database/data-source.js';
import { DirectoryService } from './directory.service.js';
import { UserSummaryCache } from './user-summary.cache.js';
import { UserEntity } from './user.entity.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([UserEntity], DATA_SOURCE)],
  controllers: [UsersController],
  providers: [UsersService, DirectoryService, UserSummaryCache, UsersRepository],
  exports: [UsersService],
})
export class UsersModule {}
