import { Injectable } from '@nestjs/common';
import type { SessionId, UserId } from '../common/ids.js';
import { Db } from '../database/db.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/unit-of-work.js';
import type { SessionEntity } from './session.entity.js';

/** How long a session lasts after it last got tokens. */
const LIFE = `interval '30 days'`;

/** Index: sessions_pkey. */
const USER_OF = statement<[id: SessionId], { userId: UserId }>(
  'sessions.user-of',
  `SELECT user_id AS "userId" FROM sessions WHERE id = $1 AND expires_at > now()`,
);

/** Index: sessions_user, backwards: the newest first. */
const LIST = statement<[userId: UserId, beforeId: SessionId, limit: number], SessionEntity>(
  'sessions.list',
  `SELECT id, user_id AS "userId", refresh_number AS "refreshNumber", created_at AS "createdAt",
     last_used_at AS "lastUsedAt", expires_at AS "expiresAt", device
   FROM sessions WHERE user_id = $1 AND id < $2 AND expires_at > now() ORDER BY id DESC LIMIT $3`,
);

const INSERT = statement<[id: SessionId, userId: UserId, device: string], never>(
  'sessions.insert',
  `INSERT INTO sessions (id, user_id, device, expires_at) VALUES ($1, $2, $3, now() + ${LIFE})`,
);

/** Index: sessions_pkey. Lock: the row, so that concurrent refreshes are decided one after the other. */
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

/** Index: sessions_pkey. */
const END = statement<[id: SessionId, userId: UserId], never>(
  'sessions.end',
  `DELETE FROM sessions WHERE id = $1 AND user_id = $2`,
);

/** Index: sessions_user. All sessions of the user except $2, if given. */
const END_OTHERS = statement<[userId: UserId, keptId: SessionId | null], { id: SessionId }>(
  'sessions.end-others',
  `DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid RETURNING id`,
);

/** Index: sessions_user. */
const FORGET_EXPIRED = statement<[userId: UserId], never>(
  'sessions.forget-expired',
  `DELETE FROM sessions WHERE user_id = $1 AND expires_at <= now()`,
);

@Injectable()
export class SessionsRepository {
  constructor(private readonly db: Db) {}

  /** Undefined if the session has ended or expired. */
  async userOf(id: SessionId): Promise<UserId | undefined> {
    return (await this.db.maybe(USER_OF, id))?.userId;
  }

  list(userId: UserId, beforeId: SessionId, limit: number): Promise<SessionEntity[]> {
    return this.db.many(LIST, userId, beforeId, limit);
  }

  /** Also deletes the user's expired sessions, so that they do not pile up. */
  async insert(tx: Tx, id: SessionId, userId: UserId, device: string): Promise<void> {
    await tx.db.change(FORGET_EXPIRED, userId);
    await tx.db.change(INSERT, id, userId, device);
  }

  lock(tx: Tx, id: SessionId): Promise<{ userId: UserId; refreshNumber: number } | undefined> {
    return tx.db.maybe(LOCK, id);
  }

  async advance(tx: Tx, id: SessionId): Promise<void> {
    await tx.db.change(ADVANCE, id);
  }

  /** Whether the session existed and was the user's. */
  async end(tx: Tx, id: SessionId, userId: UserId): Promise<boolean> {
    return (await tx.db.change(END, id, userId)) === 1;
  }

  /** @returns the sessions that ended */
  async endOthers(tx: Tx, userId: UserId, keptId?: SessionId): Promise<SessionId[]> {
    return (await tx.db.many(END_OTHERS, userId, keptId ?? null)).map(({ id }) => id);
  }
}
