import { Injectable } from '@nestjs/common';
import type { UserId } from '../common/ids.js';
import { Db } from '../database/db.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/unit-of-work.js';
import type { ParsedAddress } from './address.js';
import { UserEntity } from './user.entity.js';

/** The names of a user. */
export interface NameRow {
  id: UserId;
  username: string | null;
  displayName: string;
  deleted: boolean;
}

/** A user found by a name, and the sort key of that name. */
export interface FoundRow extends UserEntity {
  key: string;
}

/** One found by display name: `listed` if the username matches too, so that an earlier page has the user; `looked` counts the rows. */
export interface FoundByDisplayNameRow extends FoundRow {
  listed: boolean;
  looked: number;
}

/** The names to change; an absent one stays. */
export interface Names {
  username?: string;
  displayName?: string;
}

/** Most display names that one page looks at. */
export const MAX_LOOKED_AT = 1000;

const COLUMNS = `id, username, external_id AS "externalId", display_name AS "displayName",
  blocks_version AS "blocksVersion", created_at AS "createdAt", deleted_at AS "deletedAt"`;

/** Index: users_pkey. */
const BY_ID = statement<[id: UserId], UserEntity>('users.by-id', `SELECT ${COLUMNS} FROM users WHERE id = $1`);

/** Index: users_username. */
const BY_USERNAME = statement<[username: string], UserEntity>(
  'users.by-username',
  `SELECT ${COLUMNS} FROM users WHERE username = $1`,
);

/** Index: users_external_id. */
const BY_EXTERNAL_ID = statement<[externalId: string], UserEntity>(
  'users.by-external-id',
  `SELECT ${COLUMNS} FROM users WHERE external_id = $1`,
);

/** Index: users_pkey. */
const NAMES = statement<[ids: readonly UserId[]], NameRow>(
  'users.names',
  `SELECT id, username, display_name AS "displayName", deleted_at IS NOT NULL AS deleted
   FROM users WHERE id = ANY ($1::uuid[])`,
);

/** Indexes: users_pkey, users_username, users_external_id. Each user once per matching address. Never removed users. */
const AT = statement<
  [ids: readonly UserId[], usernames: readonly string[], externalIds: readonly string[]],
  { id: UserId; address: string }
>(
  'users.at',
  `SELECT id, id::text AS address FROM users WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL
   UNION ALL SELECT id, '@' || username FROM users WHERE username = ANY ($2::text[])
   UNION ALL SELECT id, 'ext:' || external_id FROM users WHERE external_id = ANY ($3::text[])`,
);

/** Index: users_pkey, from the id after $1 on; removed users are skipped. */
const ALL = statement<[afterId: UserId, limit: number], UserEntity>(
  'users.all',
  `SELECT ${COLUMNS} FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`,
);

/**
 * Index: users_username, the range of names that begin with $1: in collation C these lie between the prefix and the
 * prefix followed by the highest code point as often as a name is long. No LIKE, so no wildcard.
 */
const BY_USERNAME_PREFIX = statement<[prefix: string, afterUsername: string, limit: number], FoundRow>(
  'users.by-username-prefix',
  `SELECT ${COLUMNS}, username AS key FROM users
   WHERE username >= lower($1::text) AND username <= lower($1::text) || repeat(chr(1114111), 32) AND username > $2
   ORDER BY username LIMIT $3`,
);

/**
 * Index: users_display_name (lower(display_name), id), a range as above (its lower end must stand in the row comparison, which
 * the scan begins at), looking at 1,000 entries at most. Users whose
 * username begins with $1 too were listed by username; only the last entry looked at is returned all the same, for the cursor.
 */
const BY_DISPLAY_NAME_PREFIX = statement<
  [prefix: string, afterKey: string, afterId: UserId, limit: number],
  FoundByDisplayNameRow
>(
  'users.by-display-name-prefix',
  `SELECT * FROM (
     SELECT ${COLUMNS}, lower(display_name) COLLATE "C" AS key,
       username IS NOT NULL AND starts_with(username, lower($1::text)) AS listed,
       (row_number() OVER (ORDER BY lower(display_name) COLLATE "C", id))::int AS looked
     FROM users
     WHERE deleted_at IS NULL
       AND (lower(display_name) COLLATE "C", id) > (greatest(lower($1::text) COLLATE "C", $2::text), $3::uuid)
       AND lower(display_name) COLLATE "C" <= lower($1::text) || repeat(chr(1114111), 80)
     ORDER BY lower(display_name) COLLATE "C", id LIMIT ${MAX_LOOKED_AT}
   ) found
   WHERE NOT listed OR looked = ${MAX_LOOKED_AT}
   ORDER BY key, id LIMIT $4`,
);

/** Index: users_pkey. Lock: the user's row FOR SHARE, so that a removal waits. */
const HOLD = statement<[id: UserId], { id: UserId }>(
  'users.hold',
  `SELECT id FROM users WHERE id = $1 AND deleted_at IS NULL FOR SHARE`,
);

/** Index: users_pkey. Lock: the user's row. */
const UPDATE = statement<[id: UserId, username: string | null, displayName: string | null], UserEntity>(
  'users.update',
  `UPDATE users SET username = coalesce($2, username), display_name = coalesce($3, display_name)
   WHERE id = $1 AND deleted_at IS NULL RETURNING ${COLUMNS}`,
);

/** Index: users_pkey. Lock: the user's row. Frees the names; the row stays, as the sender of their messages. */
const REMOVE = statement<[id: UserId], never>(
  'users.remove',
  `UPDATE users SET deleted_at = now(), username = NULL, external_id = NULL, display_name = ''
   WHERE id = $1 AND deleted_at IS NULL`,
);

/**
 * Index: users_external_id, which decides a race: one inserts, the others update its row. $4 is the given display
 * name, if any, $5 that of a new user. `created` is whether the row is new (it was never updated).
 */
const PUT = statement<
  [id: UserId, externalId: string, username: string | null, displayName: string | null, firstDisplayName: string],
  UserEntity & { created: boolean }
>(
  'users.put',
  `INSERT INTO users (id, external_id, username, display_name) VALUES ($1, $2, $3, $5)
   ON CONFLICT (external_id) DO UPDATE SET
     username = coalesce($3, users.username), display_name = coalesce($4, users.display_name)
   RETURNING ${COLUMNS}, xmax = 0 AS created`,
);

@Injectable()
export class UsersRepository {
  constructor(private readonly db: Db) {}

  /** Removed users are found too, by their id. */
  find(address: ParsedAddress): Promise<UserEntity | undefined> {
    if ('id' in address) return this.db.maybe(BY_ID, address.id);
    if ('username' in address) return this.db.maybe(BY_USERNAME, address.username);
    return this.db.maybe(BY_EXTERNAL_ID, address.externalId);
  }

  /** The users with these addresses, by `addressText` of the address. Removed users are not found. */
  async findAll(addresses: readonly ParsedAddress[]): Promise<ReadonlyMap<string, UserId>> {
    const rows = await this.db.many(
      AT,
      addresses.flatMap((address) => ('id' in address ? [address.id] : [])),
      addresses.flatMap((address) => ('username' in address ? [address.username] : [])),
      addresses.flatMap((address) => ('externalId' in address ? [address.externalId] : [])),
    );
    return new Map(rows.map(({ id, address }) => [address, id]));
  }

  names(ids: readonly UserId[]): Promise<NameRow[]> {
    return this.db.many(NAMES, ids);
  }

  all(afterId: UserId, limit: number): Promise<UserEntity[]> {
    return this.db.many(ALL, afterId, limit);
  }

  byUsernamePrefix(prefix: string, afterUsername: string, limit: number): Promise<FoundRow[]> {
    return this.db.many(BY_USERNAME_PREFIX, prefix, afterUsername, limit);
  }

  byDisplayNamePrefix(
    prefix: string,
    afterKey: string,
    afterId: UserId,
    limit: number,
  ): Promise<FoundByDisplayNameRow[]> {
    return this.db.many(BY_DISPLAY_NAME_PREFIX, prefix, afterKey, afterId, limit);
  }

  async hold(tx: Tx, id: UserId): Promise<boolean> {
    return (await tx.db.maybe(HOLD, id)) !== undefined;
  }

  async insert(tx: Tx, user: Pick<UserEntity, 'id' | 'username' | 'externalId' | 'displayName'>): Promise<UserEntity> {
    const row = tx.orm.create(UserEntity, { ...user, deletedAt: null });
    await tx.orm.insert(UserEntity, row); // fills in the defaults of the table
    return row;
  }

  put(
    tx: Tx,
    id: UserId,
    externalId: string,
    { username, displayName }: Names,
    firstDisplayName: string,
  ): Promise<UserEntity & { created: boolean }> {
    return tx.db.one(PUT, id, externalId, username ?? null, displayName ?? null, firstDisplayName);
  }

  /** Undefined if there is no such user, or they were removed. */
  update(tx: Tx, id: UserId, { username, displayName }: Names): Promise<UserEntity | undefined> {
    return tx.db.maybe(UPDATE, id, username ?? null, displayName ?? null);
  }

  async remove(tx: Tx, id: UserId): Promise<boolean> {
    return (await tx.db.change(REMOVE, id)) === 1;
  }
}
