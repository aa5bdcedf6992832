import { Body, Delete, HttpCode, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiSecurity } from '@nestjs/swagger';
import {
  AppOnly,
  CurrentCaller,
  CurrentUser,
  OwnAccount,
  Public,
  type ActingUser,
  type Caller,
} from '../common/caller.js';
import {
  externalIdTaken,
  registrationClosed,
  userNotFound,
  usernameTaken,
  wrongCredentials,
} from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { Created, CreatedOrOk } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { User } from '../users/users.dto.js';
import { ChangePassword, CreateUser, PutUser, UpdateUser } from './accounts.dto.js';
import { AccountsService, type PutResult } from './accounts.service.js';

@ParleyController('users')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  /** Register, with username and password; or, as an application, create a user with any names or none. */
  @Post()
  @Created(({ id }: User) => `/users/${id}`)
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
  createUser(@CurrentCaller() caller: Caller, @Body() wanted: CreateUser): Promise<User> {
    return this.accounts.create(wanted, caller);
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
  @CreatedOrOk(({ user, created }: PutResult) => ({ body: user, path: created && `/users/${user.id}` }))
  @AppOnly('users')
  @ApiOkResponse({ type: User, description: 'They were renamed.' })
  @ApiCreatedResponse({ type: User, description: 'They were created.' })
  @Problems(usernameTaken)
  putUser(
    @CurrentCaller() caller: Caller,
    @Param('address') address: string,
    @Body() names: PutUser,
  ): Promise<PutResult> {
    return this.accounts.put(address, names, caller);
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
