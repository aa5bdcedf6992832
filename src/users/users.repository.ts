import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Repository } from 'typeorm';
import type { UserId } from '../common/ids.js';
import { DATA_SOURCE } from '../database/data-source.js';
import { statement } from '../database/statement.js';
import type { Transaction, Tx } from '../database/tx.js';
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
  constructor(@InjectRepository(UserEntity, DATA_SOURCE) private readonly rows: Repository<UserEntity>) {}

  /** Removed users are found too, by their id. */
  find(tx: Tx, address: ParsedAddress): Promise<UserEntity | undefined> {
    if ('id' in address) return tx.db.maybe(BY_ID, address.id);
    if ('username' in address) return tx.db.maybe(BY_USERNAME, address.username);
    return tx.db.maybe(BY_EXTERNAL_ID, address.externalId);
  }

  /** Who has these addresses, by the address as `addressText` writes it. Removed users are not found. */
  async findAll(tx: Tx, addresses: readonly ParsedAddress[]): Promise<ReadonlyMap<string, UserId>> {
    const rows = await tx.db.many(
      AT,
      addresses.flatMap((address) => ('id' in address ? [address.id] : [])),
      addresses.flatMap((address) => ('username' in address ? [address.username] : [])),
      addresses.flatMap((address) => ('externalId' in address ? [address.externalId] : [])),
    );
    return new Map(rows.map(({ id, address }) => [address, id]));
  }

  names(tx: Tx, ids: readonly UserId[]): Promise<NameRow[]> {
    return tx.db.many(NAMES, ids);
  }

  /** Index: users_pkey, from the id on; removed users are stepped over. */
  all(tx: Tx, afterId: UserId, limit: number): Promise<UserEntity[]> {
    return tx.manager
      .withRepository(this.rows)
      .find({ where: { id: MoreThan(afterId), deletedAt: IsNull() }, order: { id: 'ASC' }, take: limit });
  }

  byUsernamePrefix(tx: Tx, prefix: string, afterUsername: string, limit: number): Promise<FoundRow[]> {
    return tx.db.many(BY_USERNAME_PREFIX, prefix, afterUsername, limit);
  }

  byDisplayNamePrefix(
    tx: Tx,
    prefix: string,
    afterKey: string,
    afterId: UserId,
    limit: number,
  ): Promise<FoundByDisplayNameRow[]> {
    return tx.db.many(BY_DISPLAY_NAME_PREFIX, prefix, afterKey, afterId, limit);
  }

  async hold(tx: Transaction, id: UserId): Promise<boolean> {
    return (await tx.db.maybe(HOLD, id)) !== undefined;
  }

  async insert(tx: Tx, user: Pick<UserEntity, 'id' | 'username' | 'externalId' | 'displayName'>): Promise<UserEntity> {
    const rows = tx.manager.withRepository(this.rows);
    const row = rows.create({ ...user, deletedAt: null });
    await rows.insert(row); // fills in what the table sets by itself
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

  /** Lock: the user's row. Frees the names; the row stays, for what the user sent. */
  async remove(tx: Transaction, id: UserId): Promise<boolean> {
    const { affected } = await tx.manager
      .withRepository(this.rows)
      .update(
        { id, deletedAt: IsNull() },
        { deletedAt: () => 'now()', username: null, externalId: null, displayName: '' },
      );
    return affected === 1;
  }
}
