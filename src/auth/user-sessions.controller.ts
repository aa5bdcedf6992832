import { Controller, Param, Post, Res } from '@nestjs/common';
import { AppOnly, CurrentCaller, type Caller, type Reply } from '../common/caller.js';
import { userNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { UsersService } from '../users/users.service.js';
import { Device } from './device.decorator.js';
import { Tokens } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@Controller('users/:address/sessions')
export class UserSessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
  ) {}

  /** Give one of your users a session: its tokens are for their front end. */
  @Post()
  @AppOnly('users', 'act')
  @Problems(userNotFound)
  async createUserSession(
    @CurrentCaller() caller: Caller,
    @Param('address') address: string,
    @Device() device: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Tokens> {
    const { id } = await this.users.get(address, caller);
    const tokens = await this.sessions.create(id, device);
    reply.header('Location', '/v1/sessions/current');
    return tokens;
  }
}
