import { Body, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentUser, OwnAccount, Public, type ActingUser } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { notSignedIn, sessionNotFound, wrongCredentials } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { Created } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { Device } from './device.decorator.js';
import { CreateSession, RefreshSession, SessionPage, Tokens } from './sessions.dto.js';
import { SessionsService } from './sessions.service.js';

@ParleyController('sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  /** Log in. */
  @Post()
  @Created(() => '/sessions/current')
  @Public()
  @Problems(wrongCredentials)
  createSession(@Body() credentials: CreateSession, @Device() device: string): Promise<Tokens> {
    return this.sessions.signIn(credentials, device);
  }

  /** Get new tokens. A lost answer may be asked for again; an older refresh token ends the session. */
  @Post('refresh')
  @HttpCode(200)
  @Public()
  @Problems(notSignedIn)
  refreshSession(@Body() { refreshToken }: RefreshSession): Promise<Tokens> {
    return this.sessions.refresh(refreshToken);
  }

  /** List your sessions, newest first. */
  @Get()
  @OwnAccount()
  listSessions(@CurrentUser() me: ActingUser, @Query() query: PageQuery): Promise<SessionPage> {
    return this.sessions.list(me, query);
  }

  /** End a session, by its id or `current`: log out. */
  @Delete(':id')
  @HttpCode(204)
  @OwnAccount()
  @Problems(sessionNotFound)
  endSession(@CurrentUser() me: ActingUser, @Param('id') id: string): Promise<void> {
    return this.sessions.end(me, id);
  }
}
