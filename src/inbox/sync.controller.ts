import { Body, HttpCode, Post } from '@nestjs/common';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { ParleyController } from '../http/parley-controller.js';
import { SyncPage, SyncRequest } from './sync.dto.js';
import { SyncService } from './sync.service.js';

@ParleyController('sync')
export class SyncController {
  constructor(private readonly syncs: SyncService) {}

  /** Catch up: what is ahead of the client's positions, over all conversations. */
  @Post()
  @HttpCode(200)
  sync(@CurrentUser() me: ActingUser, @Body() request: SyncRequest): Promise<SyncPage> {
    return this.syncs.sync(me, request);
  }
}
