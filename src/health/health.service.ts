import { Injectable } from '@nestjs/common';
import { unavailable } from '../common/problems.js';
import { statement } from '../database/statement.js';
import { UnitOfWork } from '../database/unit-of-work.js';

/** Answers as long as the database can be reached and a connection of the pool is free. */
const PING = statement<[], { ok: number }>('health.ping', 'SELECT 1 AS ok');

/** Load balancers wait a few seconds for an answer; a full pool or a silent network must not keep them longer. */
const TIMEOUT_MS = 2000;

@Injectable()
export class HealthService {
  constructor(private readonly work: UnitOfWork) {}

  /** @throws unavailable (503): the database does not answer, or not in two seconds */
  async assertReady(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable('The database does not answer in time.')), TIMEOUT_MS);
    });
    try {
      await Promise.race([this.ping(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async ping(): Promise<void> {
    await this.work.now.db.one(PING).catch(() => {
      throw unavailable('The database does not answer.');
    });
  }
}
