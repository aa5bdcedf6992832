import { Body, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { alreadyBlocked, blockSelf, notBlocked, userNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { Created } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { Block, BlockPage, BlockState, BlockUser } from './blocks.dto.js';
import { BlocksService } from './blocks.service.js';

@ParleyController('blocks')
export class BlocksController {
  constructor(private readonly blocks: BlocksService) {}

  /** Block a user: they can no longer write to you, and what they write in groups is hidden from you. */
  @Post()
  @Created(({ user }: Block) => `/blocks/${user.id}`)
  @Problems(userNotFound, alreadyBlocked, blockSelf)
  addBlock(@CurrentUser() me: ActingUser, @Body() { user }: BlockUser): Promise<Block> {
    return this.blocks.add(me, user);
  }

  /** List whom you have blocked, newest first. */
  @Get()
  listBlocks(@CurrentUser() me: ActingUser, @Query() query: PageQuery): Promise<BlockPage> {
    return this.blocks.list(me, query);
  }

  /** Ask whether a user may write to you, and you to them. */
  @Get(':address')
  @Problems(userNotFound)
  getBlock(@CurrentUser() me: ActingUser, @Param('address') address: string): Promise<BlockState> {
    return this.blocks.get(me, address);
  }

  /** Unblock a user: what they wrote in groups meanwhile becomes visible. */
  @Delete(':address')
  @HttpCode(204)
  @Problems(userNotFound, notBlocked)
  removeBlock(@CurrentUser() me: ActingUser, @Param('address') address: string): Promise<void> {
    return this.blocks.remove(me, address);
  }
}
