import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../common/caller.js';
import { newId, type UserId } from '../common/ids.js';
import { externalIdTaken, userNotFound, usernameTaken } from '../common/problems.js';
import { violates } from '../database/errors.js';
import type { Transaction } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { addressText, parseAddress, type ParsedAddress } from './address.js';
import { defaultDisplayName } from './names.js';
import { UserSummaryCache } from './user-summary.cache.js';
import type { UserEntity } from './user.entity.js';
import type { UserSummary } from './users.dto.js';
import { UsersRepository, type Names } from './users.repository.js';

const MAX_CACHED_IDS = 100_000;
/** Most unknown addresses in one problem. */
const MAX_NAMED = 10;

/** Finds and changes users. A method that changes a user takes the caller's transaction. */
@Injectable()
export class UsersService {
  private readonly userIdCache = new LRUCache<UserId, true>({ max: MAX_CACHED_IDS });

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: UsersRepository,
    private readonly summaryCache: UserSummaryCache,
  ) {}

  /**
   * The user with this address: a user id, `@username` in any case, or, for an application, `ext:<externalId>`;
   * percent-encoded or not. A removed user is found too, by id, with `deletedAt` set.
   */
  async find(address: string, caller: Caller): Promise<UserEntity | undefined> {
    const parsed = this.parse(address, caller);
    return parsed && this.repository.find(this.work.now, parsed);
  }

  /** Undefined if no user can have the address, or the caller may not use this kind of address. */
  private parse(address: string, caller: Caller): ParsedAddress | undefined {
    const parsed = parseAddress(address);
    return parsed && 'externalId' in parsed && !caller.application ? undefined : parsed;
  }

  /** Like `find`, but never a removed user. @throws user-not-found (404) */
  async get(address: string, caller: Caller): Promise<UserEntity> {
    const user = await this.find(address, caller);
    if (!user || user.deletedAt) throw userNotFound();
    return user;
  }

  /**
   * The users with these addresses, each once, with the first address that names them, in one statement.
   *
   * @throws user-not-found (404), which names the unknown addresses
   */
  async getAll(addresses: readonly string[], caller: Caller): Promise<Map<UserId, string>> {
    const parsed = addresses.map((address) => this.parse(address, caller));
    const found = await this.repository.findAll(
      this.work.now,
      parsed.filter((address) => address !== undefined),
    );
    const users = new Map<UserId, string>();
    const unknown: string[] = [];
    for (const [index, address] of addresses.entries()) {
      const parsedAddress = parsed[index];
      const id = parsedAddress && found.get(addressText(parsedAddress));
      if (id === undefined) unknown.push(address);
      else users.set(id, users.get(id) ?? address);
    }
    if (unknown.length > 0) throw userNotFound(`There is no such user: ${unknown.slice(0, MAX_NAMED).join(', ')}.`);
    return users;
  }

  /** A summary for every id, cached for a minute; removed users are called "Deleted user". */
  summaries(ids: Iterable<UserId>): Promise<ReadonlyMap<UserId, UserSummary>> {
    return this.summaryCache.of(ids);
  }

  /** The cached summary, synchronously; undefined if it is not cached. */
  cachedSummary(id: UserId): UserSummary | undefined {
    return this.summaryCache.peek(id);
  }

  /** Whether the id is a user's, removed or not. It never becomes anything else, so a yes is cached. */
  async isUser(id: UserId): Promise<boolean> {
    if (this.userIdCache.has(id)) return true;
    const found = (await this.repository.find(this.work.now, { id })) !== undefined;
    if (found) this.userIdCache.set(id, true);
    return found;
  }

  /** Locks the user's row FOR SHARE until the transaction ends: they are not removed meanwhile. False: there is no such user, or no longer. */
  hold(tx: Transaction, id: UserId): Promise<boolean> {
    return this.repository.hold(tx, id);
  }

  /** @throws username-taken, external-id-taken (409): the unique indexes decide, also between requests at once */
  create(tx: Transaction, { username, displayName, externalId }: Names & { externalId?: string }): Promise<UserEntity> {
    const id = newId();
    const name = username?.toLowerCase();
    return refusingTakenNames(
      this.repository.insert(tx, {
        id,
        username: name ?? null,
        externalId: externalId ?? null,
        displayName: displayName ?? defaultDisplayName(id, name),
      }),
    );
  }

  /** Creates or updates the user of this externalId. @throws username-taken (409) */
  async put(tx: Transaction, externalId: string, names: Names): Promise<{ user: UserEntity; created: boolean }> {
    const id = newId();
    const given = withLowerCase(names);
    const firstDisplayName = given.displayName ?? defaultDisplayName(id, given.username);
    const user = await refusingTakenNames(this.repository.put(tx, id, externalId, given, firstDisplayName));
    if (!user.created) tx.emit({ name: 'user.changed', data: { userId: user.id } });
    return { user, created: user.created };
  }

  /** Changes what is given. @throws user-not-found (404), username-taken (409) */
  async update(tx: Transaction, id: UserId, names: Names): Promise<UserEntity> {
    const user = await refusingTakenNames(this.repository.update(tx, id, withLowerCase(names)));
    if (!user) throw userNotFound();
    tx.emit({ name: 'user.changed', data: { userId: id } });
    return user;
  }

  /** Marks the user removed, frees and clears the names, and locks the row. @throws user-not-found (404) */
  async remove(tx: Transaction, id: UserId): Promise<void> {
    if (!(await this.repository.remove(tx, id))) throw userNotFound();
    tx.emit({ name: 'user.removed', data: { userId: id } });
  }
}

const withLowerCase = ({ username, ...names }: Names): Names => ({ ...names, username: username?.toLowerCase() });

async function refusingTakenNames<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (violates(error, 'users_username')) throw usernameTaken();
    if (violates(error, 'users_external_id')) throw externalIdTaken();
    throw error;
  }
}
