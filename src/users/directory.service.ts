import { Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import { CursorKind, isId, isOneOf, isText } from '../common/cursor.js';
import { LOWEST_ID } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT } from '../common/paging.dto.js';
import { invalid, userNotFound } from '../common/problems.js';
import { Settings } from '../config/settings.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { USERNAME } from './names.js';
import type { UserEntity } from './user.entity.js';
import type { ListUsers, User, UserPage } from './users.dto.js';
import { MAX_LOOKED_AT, UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';
import { userOf } from './views.js';

/** A list of all users goes on after this id. */
const ALL = new CursorKind<[afterId: string]>('u1', isId);

/** The next page of a search begins after this username, or, after the last username, after this display name (in lower case) and id. */
const FOUND = new CursorKind<[stage: 'username' | 'displayName', key: string, id: string]>(
  'us1',
  isOneOf('username', 'displayName'),
  isText,
  isId,
);

/** Shows and finds users. */
@Injectable()
export class DirectoryService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly users: UsersService,
    private readonly repository: UsersRepository,
    private readonly settings: Settings,
  ) {}

  /** Also a removed user, by id: `deleted`, and without names. @throws user-not-found (404) */
  async get(address: string, caller: Caller): Promise<User> {
    const user = await this.users.find(address, caller);
    if (!user) throw userNotFound();
    return userOf(user, caller);
  }

  /**
   * Never finds removed users.
   * @throws invalid (422): `search` is missing, though the caller is a user or acts for one; malformed (400): the cursor
   */
  async list({ search, limit = DEFAULT_LIMIT, cursor }: ListUsers, caller: Caller): Promise<UserPage> {
    const page = await this.find(search, limit, cursor, caller);
    return { ...page, items: page.items.map((user) => userOf(user, caller)) };
  }

  private find(search: string | undefined, limit: number, cursor: string | undefined, caller: Caller): Promise<Found> {
    const isUser = caller.userId !== undefined;
    if (search === undefined && isUser) {
      throw invalid(undefined, [{ field: 'search', message: 'must be given by a user' }]);
    }
    if (search === undefined) return this.all(limit, cursor);
    if (isUser && this.settings.userSearch === 'exact') return this.exact(search);
    return this.byPrefix(search, limit, cursor);
  }

  private async all(limit: number, cursor?: string): Promise<Found> {
    const [afterId] = cursor === undefined ? [LOWEST_ID] : ALL.decode(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.all(this.work.now, afterId, atMost),
      ({ id }) => ALL.encode(id),
    );
    return { items: rows, ...next };
  }

  private async exact(search: string): Promise<Found> {
    if (!USERNAME.test(search)) return { items: [] };
    const user = await this.repository.find(this.work.now, { username: search.toLowerCase() });
    return { items: user ? [user] : [] };
  }

  /** Two ranges of two indexes, one after the other: usernames, then display names of users whose username does not match. */
  private async byPrefix(prefix: string, limit: number, cursor?: string): Promise<Found> {
    const [stage, key, id] = cursor === undefined ? (['username', '', LOWEST_ID] as const) : FOUND.decode(cursor);

    const named = await readPage(
      limit,
      async (atMost) =>
        stage === 'username' ? this.repository.byUsernamePrefix(this.work.now, prefix, key, atMost) : [],
      (last) => FOUND.encode('username', last.key, last.id),
    );
    const items: UserEntity[] = named.rows;
    if (named.next !== undefined) return { items, next: named.next };

    const after = stage === 'displayName' ? ([key, id] as const) : (['', LOWEST_ID] as const);
    const room = limit - items.length;
    const rows = await this.repository.byDisplayNamePrefix(this.work.now, prefix, ...after, room + 1); // not readPage: there may be no room
    const shown = rows.slice(0, room);
    items.push(...shown.filter(({ listed }) => !listed));
    const lastShown = shown.at(-1);
    if (rows.length > room || lastShown?.looked === MAX_LOOKED_AT) {
      const [key, id] = lastShown ? [lastShown.key, lastShown.id] : after;
      return { items, next: FOUND.encode('displayName', key, id) };
    }
    return { items };
  }
}

interface Found {
  readonly items: UserEntity[];
  readonly next?: string;
}
