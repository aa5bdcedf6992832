import { Body, Controller, Delete, HttpCode, Param, Patch, Post, Put, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiSecurity } from '@nestjs/swagger';
import {
  AppOnly,
  CurrentCaller,
  CurrentUser,
  OwnAccount,
  Public,
  type ActingUser,
  type Caller,
  type Reply,
} from '../common/caller.js';
import {
  externalIdTaken,
  registrationClosed,
  userNotFound,
  usernameTaken,
  wrongCredentials,
} from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { User } from '../users/users.dto.js';
import { ChangePassword, CreateUser, PutUser, UpdateUser } from './accounts.dto.js';
import { AccountsService } from './accounts.service.js';

@Controller('users')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  /** Register, with username and password; or, as an application, create a user with any names or none. */
  @Post()
  @Public()
  @ApiSecurity('apiKey')
  @ApiBody({
    type: CreateUser,
    examples: {
      person: {
        summary: 'Somebody registers',
        value: { username: 'ana', password: 'correct horse battery staple', displayName: 'Ana' },
      },
      application: { summary: 'An application brings its own id', value: { externalId: 'crm:42', displayName: 'Ana' } },
    },
  })
  @Problems(registrationClosed, usernameTaken, externalIdTaken)
  async createUser(
    @CurrentCaller() caller: Caller,
    @Body() wanted: CreateUser,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<User> {
    const user = await this.accounts.create(wanted, caller);
    reply.header('Location', `/v1/users/${user.id}`);
    return user;
  }

  /** Rename yourself. */
  @Patch('me') // before `:address`, which would take it
  @OwnAccount()
  @Problems(userNotFound, usernameTaken)
  updateMe(@CurrentUser() me: ActingUser, @Body() names: UpdateUser): Promise<User> {
    return this.accounts.update(me.userId, names, me);
  }

  /** Remove your account. What you sent stays, from "Deleted user". */
  @Delete('me')
  @HttpCode(204)
  @OwnAccount()
  @Problems(userNotFound)
  removeMe(@CurrentUser() me: ActingUser): Promise<void> {
    return this.accounts.remove(me.userId);
  }

  /** Change your password. Your other sessions end. */
  @Put('me/password')
  @HttpCode(204)
  @OwnAccount()
  @Problems(userNotFound, wrongCredentials)
  changePassword(@CurrentUser() me: ActingUser, @Body() change: ChangePassword): Promise<void> {
    return this.accounts.changePassword(me, change);
  }

  /** Create or rename the user that your application knows by its own id: the address is `ext:` and that id. */
  @Put(':address')
  @AppOnly('users')
  @ApiOkResponse({ type: User, description: 'They were renamed.' })
  @ApiCreatedResponse({ type: User, description: 'They were created.' })
  @Problems(usernameTaken)
  async putUser(
    @CurrentCaller() caller: Caller,
    @Param('address') address: string,
    @Body() names: PutUser,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<User> {
    const { user, created } = await this.accounts.put(address, names, caller);
    if (created) reply.status(201);
    if (created) reply.header('Location', `/v1/users/${user.id}`);
    return user;
  }

  /** Rename a user. */
  @Patch(':address')
  @AppOnly('users')
  @Problems(userNotFound, usernameTaken)
  updateUser(
    @CurrentCaller() caller: Caller,
    @Param('address') address: string,
    @Body() names: UpdateUser,
  ): Promise<User> {
    return this.accounts.updateAt(address, names, caller);
  }

  /** Remove a user. What they sent stays, from "Deleted user". */
  @Delete(':address')
  @HttpCode(204)
  @AppOnly('users')
  @Problems(userNotFound)
  removeUser(@CurrentCaller() caller: Caller, @Param('address') address: string): Promise<void> {
    return this.accounts.removeAt(address, caller);
  }
}
