import { Global, Module } from '@nestjs/common';
import { CallerAuthenticator } from '../http/caller.guard.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { ActingUsers } from './acting-user.cache.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { Authenticator } from './authenticator.js';
import { CredentialsRepository } from './credentials.repository.js';
import { KnownKeys } from './api-key.cache.js';
import { KnownSessions } from './session.cache.js';
import { PasswordsService } from './passwords.service.js';
import { Revocations } from './revocations.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { UserSessionsController } from './user-sessions.controller.js';

/** Global, since the guard of every module's controllers asks it who calls. */
@Global()
@Module({
  imports: [UsersModule],
  controllers: [SessionsController, UserSessionsController, ApiKeysController],
  providers: [
    { provide: CallerAuthenticator, useExisting: Authenticator },
    AccessTokens,
    ActingUsers,
    ApiKeysRepository,
    ApiKeysService,
    Authenticator,
    CredentialsRepository,
    KnownKeys,
    KnownSessions,
    PasswordsService,
    Revocations,
    SessionsRepository,
    SessionsService,
  ],
  exports: [Authenticator, CallerAuthenticator, PasswordsService, SessionsService],
})
export class AuthModule {}
