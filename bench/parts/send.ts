import { closedLoop } from '../client/load.js';
import { request } from '../client/http.js';
import { jumping, newText, type Route } from '../client/sends.js';
import { Faults } from '../faults.js';
import type { Lab } from '../lab/lab.js';
import { loadPairs, loadUsers, pairsAmong, settle, Tokens, userId } from '../lab/world.js';
import { perSecond, type Bench, type Comparison, type Part, type Subject } from '../part.js';
import { CONNECTIONS, EACH, NO_PGBENCH, PARLEY_DOES, pgbenchSends, restSends, USERS } from './subjects.js';

const PAIRS = pairsAmong(USERS, EACH);

/** Each time another pair, and another one of the two sends. */
export function pairRoute(tokens: Tokens): (slot: number) => Route {
  const nextPair = jumping(PAIRS.length);
  const nextSide = jumping(2);
  return () => {
    const [one, other] = PAIRS[nextPair()]!;
    const [from, to] = nextSide() === 0 ? [one, other] : [other, one];
    return { token: tokens.of(from), recipient: userId(to) };
  };
}

async function parley(lab: Lab): Promise<Subject> {
  const database = await lab.database('send');
  await loadUsers(database, USERS);
  await loadPairs(database, PAIRS);
  await settle(database);
  const tokens = new Tokens(USERS);
  const server = await lab.parley(database);
  return restSends(lab, {
    name: 'Parley',
    does: `POST /v1/messages by ${CONNECTIONS} connections: ${PARLEY_DOES}`,
    database,
    servers: [server],
    tokens,
    route: pairRoute(tokens),
  });
}

/** A baseline over HTTP that has one table and asks nobody who they are. */
async function plain(lab: Lab, { name, does, file }: { name: string; does: string; file: string }): Promise<Subject> {
  const database = await lab.database(`send_${name.replaceAll(/\W+/g, '_').toLowerCase()}`, 'none');
  const server = await lab.baseline(file, database);
  const nextPair = jumping(PAIRS.length);
  let total = 0;
  return {
    name,
    does,
    async run(seconds) {
      const faults = new Faults();
      const watched = await lab.watch([server], () =>
        closedLoop([server.port], CONNECTIONS, seconds, {
          next: () => {
            const [from, to] = PAIRS[nextPair()]!;
            const body = `{"sender":"${userId(from)}","recipient":"${userId(to)}","text":"${newText()}"}`;
            return request('POST', '/messages', undefined, body);
          },
          answered: (_slot, status, body) => {
            const isStored = status === 201 && body.includes('"id":');
            if (!isStored) faults.add(`a send was answered ${status}`);
            return isStored;
          },
        }),
      );
      total += watched.result.count;
      const stored = await database.count('SELECT count(DISTINCT text) FROM messages');
      if (stored !== total) faults.add(`${stored} messages are stored, ${total} were answered`);
      return { ...watched.result, seconds: watched.seconds, cpu: watched.cpu, faults: faults.list };
    },
  };
}

function comparisons(withPgbench: boolean): Comparison[] {
  const against = (to: string, name: string, goal: number): Comparison => ({
    name: `sends a second ÷ ${name}`,
    of: 'Parley',
    to,
    figure: perSecond,
    better: 'higher',
    goal,
  });
  return [
    ...(withPgbench ? [against('pgbench', 'pgbench with the same statement', 0.4)] : []),
    against('bare HTTP', 'bare node:http and one INSERT', 0.7),
    against('tutorial', 'the tutorial way', 6),
  ];
}

export const send: Part = {
  name: 'send',
  title: 'Durable sends by REST',
  async prepare(lab): Promise<Bench> {
    const limit = await pgbenchSends(lab, 'send_pgbench');
    const subjects = [
      await parley(lab),
      ...limit,
      await plain(lab, {
        name: 'bare HTTP',
        does: 'node:http and pg, one INSERT, 201; no tokens, no validation, no membership or blocks, no numbers, no delivery',
        file: 'bare-http',
      }),
      await plain(lab, {
        name: 'tutorial',
        does: 'Nest on Express, ValidationPipe, repository.save(), 201; no tokens, no membership or blocks, no numbers, no delivery',
        file: 'tutorial/main',
      }),
    ];
    return {
      unit: 'sends',
      subjects,
      comparisons: comparisons(limit.length > 0),
      notes: [
        `${USERS.toLocaleString('en')} users with a token each, ${PAIRS.length.toLocaleString('en')} direct conversations, ${CONNECTIONS} connections.`,
        ...(limit.length > 0 ? [] : [NO_PGBENCH]),
      ],
    };
  },
};
