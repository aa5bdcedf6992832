import { Injectable } from '@nestjs/common';
import type { UserId } from '../common/ids.js';
import { Db } from '../database/db.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/unit-of-work.js';
import { CredentialEntity } from './credential.entity.js';

/** Index: credentials_pkey. */
const FIND = statement<[userId: UserId], { passwordHash: string }>(
  'credentials.find',
  `SELECT password_hash AS "passwordHash" FROM credentials WHERE user_id = $1`,
);

/** Index: credentials_pkey. Lock: the row FOR SHARE, so that a change of the password waits. */
const HOLD = statement<[userId: UserId, passwordHash: string], { userId: UserId }>(
  'credentials.hold',
  `SELECT user_id AS "userId" FROM credentials WHERE user_id = $1 AND password_hash = $2 FOR SHARE`,
);

/** Index: credentials_pkey. Lock: the row; the second of two concurrent changes finds another hash. */
const REPLACE = statement<[userId: UserId, oldHash: string, newHash: string], never>(
  'credentials.replace',
  `UPDATE credentials SET password_hash = $3 WHERE user_id = $1 AND password_hash = $2`,
);

@Injectable()
export class CredentialsRepository {
  constructor(private readonly db: Db) {}

  async find(userId: UserId): Promise<string | undefined> {
    return (await this.db.maybe(FIND, userId))?.passwordHash;
  }

  async insert(tx: Tx, userId: UserId, passwordHash: string): Promise<void> {
    await tx.orm.insert(CredentialEntity, { userId, passwordHash });
  }

  async hold(tx: Tx, userId: UserId, passwordHash: string): Promise<boolean> {
    return (await tx.db.maybe(HOLD, userId, passwordHash)) !== undefined;
  }

  async replace(tx: Tx, userId: UserId, oldHash: string, newHash: string): Promise<boolean> {
    return (await tx.db.change(REPLACE, userId, oldHash, newHash)) === 1;
  }

  async remove(tx: Tx, userId: UserId): Promise<void> {
    await tx.orm.delete(CredentialEntity, { userId });
  }
}
