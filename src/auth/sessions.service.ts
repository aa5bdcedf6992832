import { Injectable } from '@nestjs/common';
import { CursorKind, isId } from '../common/cursor.js';
import type { ActingUser, Caller } from '../common/caller.js';
import { HIGHEST_ID, isUuid, newId, type SessionId, type UserId } from '../common/ids.js';
import { readPage } from '../common/page.js';
import { DEFAULT_LIMIT, type PageQuery } from '../common/paging.dto.js';
import { notSignedIn, sessionNotFound, userNotFound, wrongCredentials } from '../common/problems.js';
import { Settings } from '../config/settings.js';
import type { Transaction } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { UsersService } from '../users/users.service.js';
import { userOf } from '../users/views.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from './access-tokens.js';
import { PasswordsService } from './passwords.service.js';
import { decideRefresh, RefreshTokens, type RefreshClaim } from './refresh-tokens.js';
import type { CreateSession, SessionPage, Tokens } from './sessions.dto.js';
import { SessionsRepository } from './sessions.repository.js';

const MAX_DEVICE_LENGTH = 200;
/** Most sessions in one event: an envelope between processes has at most 7,999 bytes. */
const MAX_ENDED_PER_EVENT = 100;

const CURSOR = new CursorKind<[beforeId: string]>('s1', isId);

/** Logging in, staying logged in, logging out. */
@Injectable()
export class SessionsService {
  private readonly refreshTokens: RefreshTokens;

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: SessionsRepository,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly accessTokens: AccessTokens,
    settings: Settings,
  ) {
    this.refreshTokens = new RefreshTokens(settings.jwtSecret);
  }

  /** @throws wrong-credentials (401): after the same time for a wrong username and a wrong password; unavailable (503) */
  async signIn({ username, password }: CreateSession, device: string): Promise<Tokens> {
    const user = await this.users.find(`@${username}`, {});
    const passwordHash = await this.passwords.check(user?.id, password);
    if (!user || passwordHash === undefined) throw wrongCredentials();
    return this.open(user.id, device, async (tx) => {
      // the user may have been removed, or the password changed, while the password was checked
      const holds = (await this.users.hold(tx, user.id)) && (await this.passwords.hold(tx, user.id, passwordHash));
      if (!holds) throw wrongCredentials();
    });
  }

  /** Opens a session for a user; the caller may act for them. @throws user-not-found (404) */
  async createAt(address: string, caller: Caller, device: string): Promise<Tokens> {
    const { id } = await this.users.get(address, caller);
    return this.open(id, device, async (tx) => {
      if (!(await this.users.hold(tx, id))) throw userNotFound();
    });
  }

  /**
   * The next tokens of a session. The newest refresh token gets the next one; the one before it gets the newest again.
   * @throws not-signed-in (401): the session does not go on, or the token is older, which ends the session
   */
  async refresh(refreshToken: string): Promise<Tokens> {
    const used = this.refreshTokens.read(refreshToken);
    const session = used && (await this.work.run((tx) => this.use(tx, used)));
    if (!session) throw notSignedIn('The refresh token does not hold, or no longer.');
    return this.tokens(session.userId, session);
  }

  /** Sessions of the caller, newest first. */
  async list(me: ActingUser, { limit = DEFAULT_LIMIT, cursor }: PageQuery): Promise<SessionPage> {
    const [beforeId] = cursor === undefined ? [HIGHEST_ID] : CURSOR.decode(cursor);
    const { rows, ...next } = await readPage(
      limit,
      (atMost) => this.repository.list(this.work.now, me.userId, beforeId, atMost),
      ({ id }) => CURSOR.encode(id),
    );
    const items = rows.map(({ id, device, createdAt, lastUsedAt }) => {
      return { id, device, createdAt, lastUsedAt, current: id === me.sessionId };
    });
    return { items, ...next };
  }

  /** Ends one of the caller's sessions, by its id or as `current`. @throws session-not-found (404) */
  async end(me: ActingUser, reference: string): Promise<void> {
    const id = reference === 'current' ? me.sessionId : reference.toLowerCase();
    if (id === undefined || !isUuid(id)) throw sessionNotFound();
    await this.work.run(async (tx) => {
      if (!(await this.repository.end(tx, id, me.userId))) throw sessionNotFound();
      announceEnd(tx, me.userId, [id]);
    });
  }

  /** Ends every session of the user. */
  endAll(tx: Transaction, userId: UserId): Promise<void> {
    return this.endOthers(tx, userId);
  }

  /** Ends the user's sessions but for the one that is kept, if any. */
  async endOthers(tx: Transaction, userId: UserId, keptId?: SessionId): Promise<void> {
    announceEnd(tx, userId, await this.repository.endOthers(tx, userId, keptId));
  }

  /** `hold` makes sure, first in the transaction, that the user may have a session, and holds them against removal. */
  private async open(userId: UserId, device: string, hold: (tx: Transaction) => Promise<void>): Promise<Tokens> {
    const sessionId = newId();
    await this.work.run(async (tx) => {
      await hold(tx);
      await this.repository.insert(tx, sessionId, userId, device.slice(0, MAX_DEVICE_LENGTH));
    });
    return this.tokens(userId, { sessionId, number: 1 });
  }

  /** Applies a refresh token to its session, under the lock of the row; undefined if it gets no tokens. */
  private async use(
    tx: Transaction,
    { sessionId, number }: RefreshClaim,
  ): Promise<(RefreshClaim & { userId: UserId }) | undefined> {
    const row = await this.repository.lock(tx, sessionId);
    if (!row) return undefined;
    const { userId, refreshNumber } = row;
    switch (decideRefresh(refreshNumber, number)) {
      case 'advance':
        await this.repository.advance(tx, sessionId);
        return { userId, sessionId, number: refreshNumber + 1 };
      case 'repeat':
        return { userId, sessionId, number: refreshNumber };
      case 'end':
        await this.repository.end(tx, sessionId, userId);
        announceEnd(tx, userId, [sessionId]);
        return undefined;
      case 'refuse':
        return undefined;
    }
  }

  private async tokens(userId: UserId, claim: RefreshClaim): Promise<Tokens> {
    const [accessToken, user] = await Promise.all([
      this.accessTokens.issue(userId, claim.sessionId),
      this.users.get(userId, {}),
    ]);
    const refreshToken = this.refreshTokens.issue(claim);
    return { accessToken, expiresIn: ACCESS_TOKEN_SECONDS, refreshToken, user: userOf(user, {}) };
  }
}

function announceEnd(tx: Transaction, userId: UserId, sessionIds: readonly SessionId[]): void {
  for (let from = 0; from < sessionIds.length; from += MAX_ENDED_PER_EVENT) {
    const some = sessionIds.slice(from, from + MAX_ENDED_PER_EVENT);
    tx.emit({ name: 'sessions.ended', data: { userId, sessionIds: some } });
  }
}
