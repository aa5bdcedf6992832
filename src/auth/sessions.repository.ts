import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Raw, Repository } from 'typeorm';
import type { SessionId, UserId } from '../common/ids.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';
import { SessionEntity } from './session.entity.js';

/** How long a session lasts after it last got tokens. */
const LIFE = `interval '30 days'`;

/** Index: sessions_pkey. */
const USER_OF = statement<[id: SessionId], { userId: UserId }>(
  'sessions.user-of',
  `SELECT user_id AS "userId" FROM sessions WHERE id = $1 AND expires_at > now()`,
);

/** Index: sessions_pkey. Lock: the row, so that tokens used at once are decided one after the other. */
const LOCK = statement<[id: SessionId], { userId: UserId; refreshNumber: number }>(
  'sessions.lock',
  `SELECT user_id AS "userId", refresh_number AS "refreshNumber"
   FROM sessions WHERE id = $1 AND expires_at > now() FOR UPDATE`,
);

/** Index: sessions_pkey. */
const ADVANCE = statement<[id: SessionId], never>(
  'sessions.advance',
  `UPDATE sessions SET refresh_number = refresh_number + 1, last_used_at = now(), expires_at = now() + ${LIFE}
   WHERE id = $1`,
);

/** Index: sessions_user. All of the user's, but for $2 where it is given. */
const END_OTHERS = statement<[userId: UserId, keptId: SessionId | null], { id: SessionId }>(
  'sessions.end-others',
  `DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid RETURNING id`,
);

@Injectable()
export class SessionsRepository {
  constructor(@InjectRepository(SessionEntity, DATA_SOURCE) private readonly rows: Repository<SessionEntity>) {}

  /** Undefined where the session has ended or expired. */
  async userOf(tx: Tx, id: SessionId): Promise<UserId | undefined> {
    return (await tx.db.maybe(USER_OF, id))?.userId;
  }

  /** Those that go on, the newest first. Index: sessions_user, backwards. */
  list(tx: Tx, userId: UserId, beforeId: SessionId, limit: number): Promise<SessionEntity[]> {
    return tx.manager.withRepository(this.rows).find({
      where: { userId, id: LessThan(beforeId), expiresAt: Raw((at) => `${at} > now()`) },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  /** Also forgets the user's expired ones, so that they do not pile up. */
  async insert(tx: Transaction, id: SessionId, userId: UserId, device: string): Promise<void> {
    const rows = tx.manager.withRepository(this.rows);
    await rows.delete({ userId, expiresAt: Raw((at) => `${at} <= now()`) });
    await rows.insert({ id, userId, device, expiresAt: () => `now() + ${LIFE}` });
  }

  lock(tx: Transaction, id: SessionId): Promise<{ userId: UserId; refreshNumber: number } | undefined> {
    return tx.db.maybe(LOCK, id);
  }

  async advance(tx: Transaction, id: SessionId): Promise<void> {
    await tx.db.change(ADVANCE, id);
  }

  /** Whether the session existed and was the user's. */
  async end(tx: Tx, id: SessionId, userId: UserId): Promise<boolean> {
    const { affected } = await tx.manager.withRepository(this.rows).delete({ id, userId });
    return affected === 1;
  }

  /** @returns the sessions that ended */
  async endOthers(tx: Tx, userId: UserId, keptId?: SessionId): Promise<SessionId[]> {
    return (await tx.db.many(END_OTHERS, userId, keptId ?? null)).map(({ id }) => id);
  }
}
