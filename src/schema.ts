import { ApiKeyEntity } from './auth/api-key.entity.js';
import { CredentialEntity } from './auth/credential.entity.js';
import { SessionEntity } from './auth/session.entity.js';
import { BlockEntity } from './blocks/block.entity.js';
import { ConversationEntity } from './conversations/conversation.entity.js';
import { MemberEntity } from './conversations/member.entity.js';
import type { Schema } from './database/data-source.js';
import { MessageEntity } from './messages/message.entity.js';
import { UserEntity } from './users/user.entity.js';
import * as migrations from '../migrations/index.js';

/** Every table, and the migrations that make them. */
export const schema: Schema = {
  entities: [
    UserEntity,
    CredentialEntity,
    SessionEntity,
    ApiKeyEntity,
    BlockEntity,
    ConversationEntity,
    MemberEntity,
    MessageEntity,
  ],
  migrations: Object.values(migrations),
};
