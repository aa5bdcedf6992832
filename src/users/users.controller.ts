import { Get, Param, Query } from '@nestjs/common';
import { CurrentCaller, CurrentUser, UserOrApp, type ActingUser, type Caller } from '../common/caller.js';
import { userNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { DirectoryService } from './directory.service.js';
import { ListUsers, User, UserPage } from './users.dto.js';

@ParleyController('users')
export class UsersController {
  constructor(private readonly directory: DirectoryService) {}

  /** Find users by the beginning of a username or display name. */
  @Get()
  @UserOrApp()
  listUsers(@CurrentCaller() caller: Caller, @Query() query: ListUsers): Promise<UserPage> {
    return this.directory.list(query, caller);
  }

  /** Show yourself. */
  @Get('me') // before `:address`, which would take it
  getMe(@CurrentUser() me: ActingUser): Promise<User> {
    return this.directory.get(me.userId, me);
  }

  /** Show a user. A removed one is shown by id: deleted, and without names. */
  @Get(':address')
  @UserOrApp()
  @Problems(userNotFound)
  getUser(@CurrentCaller() caller: Caller, @Param('address') address: string): Promise<User> {
    return this.directory.get(address, caller);
  }
}
