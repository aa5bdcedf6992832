import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DATA_SOURCE } from '../database/data-source.js';
import { CallerAuthenticator } from '../http/caller.guard.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { ActingUserCache } from './acting-user.cache.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { Authenticator } from './authenticator.js';
import { CredentialEntity } from './credential.entity.js';
import { CredentialsRepository } from './credentials.repository.js';
import { ApiKeyCache } from './api-key.cache.js';
import { SessionCache } from './session.cache.js';
import { PasswordsService } from './passwords.service.js';
import { Revocations } from './revocations.js';
import { SessionEntity } from './session.entity.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { UserSessionsController } from './user-sessions.controller.js';

/** Global, since the guard of every module's controllers asks it who calls. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([ApiKeyEntity, CredentialEntity, SessionEntity], DATA_SOURCE), UsersModule],
  controllers: [SessionsController, UserSessionsController, ApiKeysController],
  providers: [
    { provide: CallerAuthenticator, useExisting: Authenticator },
    AccessTokens,
    ActingUserCache,
    ApiKeysRepository,
    ApiKeysService,
    Authenticator,
    CredentialsRepository,
    ApiKeyCache,
    SessionCache,
    PasswordsService,
    Revocations,
    SessionsRepository,
    SessionsService,
  ],
  exports: [Authenticator, CallerAuthenticator, PasswordsService, SessionsService],
})
export class AuthModule {}
