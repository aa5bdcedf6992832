import { Param, Post } from '@nestjs/common';
import { AppOnly, CurrentCaller, type Caller } from '../common/caller.js';
import { userNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { Created } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { Device } from './device.decorator.js';
import { Tokens } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@ParleyController('users/:address/sessions')
export class UserSessionsController {
  constructor(private readonly sessions: SessionsService) {}

  /** Give one of your users a session: its tokens are for their front end. */
  @Post()
  @Created(() => '/sessions/current')
  @AppOnly('users', 'act')
  @Problems(userNotFound)
  createUserSession(
    @CurrentCaller() caller: Caller,
    @Param('address') address: string,
    @Device() device: string,
  ): Promise<Tokens> {
    return this.sessions.createAt(address, caller, device);
  }
}
