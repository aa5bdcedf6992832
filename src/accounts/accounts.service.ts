import { Injectable } from '@nestjs/common';
import { PasswordsService } from '../auth/passwords.service.js';
import { SessionsService } from '../auth/sessions.service.js';
import { BlocksService } from '../blocks/blocks.service.js';
import type { ActingUser, Caller } from '../common/caller.js';
import type { UserId } from '../common/ids.js';
import type { FieldError } from '../common/problem.js';
import { invalid, registrationClosed, userNotFound, wrongCredentials } from '../common/problems.js';
import { Settings } from '../config/settings.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { parseAddress } from '../users/address.js';
import type { User } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { userOf } from '../users/views.js';
import type { ChangePassword, CreateUser, PutUser, UpdateUser } from './accounts.dto.js';

/** A user at an externalId, and whether there was none before. */
export interface PutResult {
  readonly user: User;
  readonly created: boolean;
}

/** What changes a user, and with them what other modules keep of them, in one transaction. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsService,
    private readonly conversations: ConversationsService,
    private readonly blocks: BlocksService,
    private readonly settings: Settings,
  ) {}

  /**
   * Registers a user with username and password, or, for an application, creates one with whatever names it gives.
   * @throws registration-closed (403); username-taken, external-id-taken (409); invalid (422): a field that is missing,
   * or not this caller's to give; unavailable (503): too many register at once
   */
  async create(wanted: CreateUser, caller: Caller): Promise<User> {
    const { password, ...names } = wanted;
    if (!caller.application && this.settings.registration === 'closed') throw registrationClosed();
    assertFields(caller.application ? faultsOfApplication(wanted) : faultsOfRegistration(wanted));
    const passwordHash = password === undefined ? undefined : await this.passwords.hash(password);
    const user = await this.work.run(async (tx) => {
      const created = await this.users.create(tx, names);
      if (passwordHash !== undefined) await this.passwords.set(tx, created.id, passwordHash);
      return created;
    });
    return userOf(user, caller);
  }

  /**
   * Creates the user of this externalId, or gives the one there is these names.
   * @throws invalid (422): not an address of the form `ext:<externalId>`; username-taken (409)
   */
  async put(address: string, names: PutUser, caller: Caller): Promise<PutResult> {
    const parsed = parseAddress(address);
    if (!parsed || !('externalId' in parsed)) {
      throw invalid(undefined, [{ field: 'address', message: 'must be ext: and an externalId' }]);
    }
    const { user, created } = await this.work.run((tx) => this.users.put(tx, parsed.externalId, names));
    return { user: userOf(user, caller), created };
  }

  /** @throws user-not-found (404), username-taken (409) */
  async update(id: UserId, names: UpdateUser, caller: Caller): Promise<User> {
    return userOf(await this.work.run((tx) => this.users.update(tx, id, names)), caller);
  }

  /** As `update`, by address. */
  async updateAt(address: string, names: UpdateUser, caller: Caller): Promise<User> {
    return this.update((await this.users.get(address, caller)).id, names, caller);
  }

  /**
   * Ends the user's other sessions too; all of them where an application changes it for the user.
   * @throws wrong-credentials (401): not the current password, or the user has none; unavailable (503)
   */
  async changePassword(
    { userId, sessionId }: ActingUser,
    { currentPassword, newPassword }: ChangePassword,
  ): Promise<void> {
    const oldHash = await this.passwords.check(userId, currentPassword);
    if (oldHash === undefined) throw wrongCredentials('The current password is wrong.');
    const newHash = await this.passwords.hash(newPassword);
    await this.work.run(async (tx) => {
      if (!(await this.users.hold(tx, userId))) throw userNotFound();
      const replaced = await this.passwords.replace(tx, userId, oldHash, newHash);
      if (!replaced) throw wrongCredentials('The current password is wrong.');
      await this.sessions.endOthers(tx, userId, sessionId);
    });
  }

  /**
   * Removes a user, in one transaction however many conversations they are in; what they sent stays. The user's row is
   * locked first, so nobody adds, logs in or blocks as them meanwhile; then their conversations, in the order of ids.
   * @throws user-not-found (404)
   */
  async remove(id: UserId): Promise<void> {
    await this.work.run(async (tx) => {
      await this.users.remove(tx, id);
      await this.conversations.removeUser(tx, id);
      await this.blocks.removeAllSetBy(tx, id);
      await this.passwords.remove(tx, id);
      await this.sessions.endAll(tx, id);
    });
  }

  /** As `remove`, by address. */
  async removeAt(address: string, caller: Caller): Promise<void> {
    await this.remove((await this.users.get(address, caller)).id);
  }
}

function assertFields(errors: readonly FieldError[]): void {
  const [first] = errors;
  if (first) throw invalid(`${first.field} ${first.message}`, errors);
}

function faultsOfRegistration({ username, password, externalId }: CreateUser): FieldError[] {
  return [
    ...(username === undefined ? [{ field: 'username', message: 'is needed to register' }] : []),
    ...(password === undefined ? [{ field: 'password', message: 'is needed to register' }] : []),
    ...(externalId === undefined ? [] : [{ field: 'externalId', message: 'may be given by an application only' }]),
  ];
}

function faultsOfApplication({ password }: CreateUser): FieldError[] {
  return password === undefined ? [] : [{ field: 'password', message: 'may not be given by an application' }];
}
