import { closedLoop } from '../client/load.js';
import { checkNumbers, Ledger, sender, type Route } from '../client/sends.js';
import { pgbench } from '../baselines/pgbench.js';
import { Faults } from '../faults.js';
import type { Database } from '../lab/database.js';
import type { Lab } from '../lab/lab.js';
import type { Program } from '../lab/program.js';
import { loadPairs, loadUsers, pairId, pairsAmong, settle, type Tokens } from '../lab/world.js';
import type { Subject } from '../part.js';

export const CONNECTIONS = 32;

/** So many users with `EACH` direct conversations that each of them began: 10,000 together. */
export const USERS = 2000;
export const EACH = 5;

export interface RestSends {
  readonly name: string;
  readonly does: string;
  readonly database: Database;
  readonly servers: readonly Program[];
  readonly tokens: Tokens;
  /** Who sends next to whom. */
  readonly route: (slot: number) => Route;
  /** Messages that there are before. */
  readonly loaded?: number;
  /** Does something with the run before it is checked. */
  readonly after?: (faults: Faults, sent: number) => Promise<void>;
}

/** Sends by REST on so many connections, as fast as they are answered. */
export function restSends(lab: Lab, options: RestSends): Subject {
  const { name, does, database, servers, tokens, route, loaded, after } = options;
  const ledger = new Ledger(loaded);
  const ports = servers.map(({ port }) => port);
  return {
    name,
    does,
    async run(seconds) {
      await tokens.refresh(servers);
      const faults = new Faults();
      const asker = sender(route, ledger, faults);
      const watched = await lab.watch(servers, () => closedLoop(ports, CONNECTIONS, seconds, asker));
      await after?.(faults, watched.result.count);
      await ledger.check(database, faults);
      return { ...watched.result, seconds: watched.seconds, cpu: watched.cpu, faults: faults.list };
    },
  };
}

export const PARLEY_DOES =
  'knows the sender by their token, validates, finds the recipient, checks membership, blocks and repeats, numbers, ' +
  'stores durably, tells whoever listens, answers 201 with the message';

export const NO_PGBENCH = 'pgbench is not on this machine (on Debian it comes with postgresql): its row is left out.';

/** PostgreSQL by itself with the statement that stores a message; none where there is no pgbench. */
export async function pgbenchSends(lab: Lab, name: string): Promise<Subject[]> {
  const database = await lab.database(name);
  await loadUsers(database, USERS);
  await loadPairs(database, pairsAmong(USERS, EACH), (_, i) => pairId(i + 1));
  await settle(database);
  const text = 'message of pgbench '.padEnd(60, '.');
  const run = pgbench(database, lab.file(`${name}.sql`), { users: USERS, each: EACH, text });
  let total = 0;
  if (!run) return [];
  return [
    {
      name: 'pgbench',
      does: 'the statement that stores a message, one a time, prepared, by 32 clients of PostgreSQL; no server before it',
      async run(seconds) {
        const faults = new Faults();
        const { result, cpu, seconds: cpuSeconds } = await lab.watch([], () => run(seconds));
        total += result.transactions;
        await checkNumbers(database, total, faults);
        return { count: result.transactions, seconds: result.seconds, cpu, cpuSeconds, faults: faults.list };
      },
    },
  ];
}
