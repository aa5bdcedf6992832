import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { UserId } from '../common/ids.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';
import { CredentialEntity } from './credential.entity.js';

/** Index: credentials_pkey. Lock: the row FOR SHARE, so that a change of the password waits. */
const HOLD = statement<[userId: UserId, passwordHash: string], { userId: UserId }>(
  'credentials.hold',
  `SELECT user_id AS "userId" FROM credentials WHERE user_id = $1 AND password_hash = $2 FOR SHARE`,
);

@Injectable()
export class CredentialsRepository {
  constructor(@InjectRepository(CredentialEntity, DATA_SOURCE) private readonly rows: Repository<CredentialEntity>) {}

  async find(tx: Tx, userId: UserId): Promise<string | undefined> {
    return (await tx.manager.withRepository(this.rows).findOneBy({ userId }))?.passwordHash;
  }

  async insert(tx: Tx, userId: UserId, passwordHash: string): Promise<void> {
    await tx.manager.withRepository(this.rows).insert({ userId, passwordHash });
  }

  async hold(tx: Transaction, userId: UserId, passwordHash: string): Promise<boolean> {
    return (await tx.db.maybe(HOLD, userId, passwordHash)) !== undefined;
  }

  /** Whether it was still `oldHash`. Lock: the row; of two changes at once the second finds another hash. */
  async replace(tx: Tx, userId: UserId, oldHash: string, newHash: string): Promise<boolean> {
    const { affected } = await tx.manager
      .withRepository(this.rows)
      .update({ userId, passwordHash: oldHash }, { passwordHash: newHash });
    return affected === 1;
  }

  async remove(tx: Tx, userId: UserId): Promise<void> {
    await tx.manager.withRepository(this.rows).delete({ userId });
  }
}
