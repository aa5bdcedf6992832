import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify, type Options } from '@node-rs/argon2';
import { LOWEST_ID, type UserId } from '../common/ids.js';
import type { Transaction } from '../database/tx.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { CredentialsRepository } from './credentials.repository.js';
import { Limiter } from './limiter.js';

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const ARGON2: Options = {
  algorithm: 2 satisfies Algorithm.Argon2id, // a const enum, which isolatedModules cannot read
  memoryCost: 19 * 1024, // KiB
  timeCost: 2,
  parallelism: 1,
};

/** Leaves one core for everything else, however many users log in. */
const MAX_RUNNING = Math.max(1, availableParallelism() - 1);
const MAX_WAITING = 100 * MAX_RUNNING;

/** Hashes and checks passwords. */
@Injectable()
export class PasswordsService {
  private readonly limiter = new Limiter(MAX_RUNNING, MAX_WAITING);
  /** A hash of a random password, so that a check takes the same time for a user without a password. */
  private readonly dummyHash = hash(randomBytes(32), ARGON2);

  constructor(
    private readonly work: UnitOfWork,
    private readonly repository: CredentialsRepository,
  ) {}

  /** The password in PHC format. @throws unavailable (503): too many are being hashed already */
  hash(password: string): Promise<string> {
    return this.limiter.run(() => hash(normal(password), ARGON2));
  }

  /**
   * The stored hash if the password is the user's, else undefined; also, and after the same time, if there is no such user
   * or they have no password.
   * @throws unavailable (503): too many are being hashed already
   */
  async check(userId: UserId | undefined, password: string): Promise<string | undefined> {
    const stored = await this.repository.find(this.work.now, userId ?? LOWEST_ID);
    const matches = await this.limiter.run(async () => verify(stored ?? (await this.dummyHash), normal(password)));
    return matches ? stored : undefined;
  }

  /** Gives a user their first password. */
  set(tx: Transaction, userId: UserId, passwordHash: string): Promise<void> {
    return this.repository.insert(tx, userId, passwordHash);
  }

  /** False where the password is no longer `oldHash`. */
  replace(tx: Transaction, userId: UserId, oldHash: string, newHash: string): Promise<boolean> {
    return this.repository.replace(tx, userId, oldHash, newHash);
  }

  /** Holds the password in place until the transaction ends; false where it is no longer `passwordHash`. */
  hold(tx: Transaction, userId: UserId, passwordHash: string): Promise<boolean> {
    return this.repository.hold(tx, userId, passwordHash);
  }

  remove(tx: Transaction, userId: UserId): Promise<void> {
    return this.repository.remove(tx, userId);
  }
}

/** Keyboards differ in how they compose accents (RFC 8265). */
const normal = (password: string): string => password.normalize('NFC');
