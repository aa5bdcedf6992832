import { jumping, type Route } from '../client/sends.js';
import type { Database } from '../lab/database.js';
import type { Lab } from '../lab/lab.js';
import { groupId, loadGroups, loadPairs, loadUsers, settle, Tokens, userId } from '../lab/world.js';
import { perSecond, type Bench, type Part, type Subject } from '../part.js';
import { spread } from '../statistics.js';
import { CONNECTIONS, PARLEY_DOES, restSends } from './subjects.js';

const SIZES = [100, 1000, 10_000];
const DIRECT = 'direct';
const nameOf = (members: number): string => `group of ${members.toLocaleString('en')}`;

/** Members take turns; the others are away, so nothing is delivered. */
const SENDERS = 100;

async function into(
  lab: Lab,
  name: string,
  users: number,
  { load, route }: { load(database: Database): Promise<void>; route(tokens: Tokens): (slot: number) => Route },
): Promise<Subject> {
  const database = await lab.database(name.replaceAll(/\W+/g, '_'));
  await loadUsers(database, users);
  await load(database);
  await settle(database);
  const tokens = new Tokens(Math.min(users, SENDERS));
  return restSends(lab, {
    name,
    does: `into one ${name === DIRECT ? 'direct conversation' : name} by ${CONNECTIONS} connections on Express: ${PARLEY_DOES}`,
    database,
    servers: [await lab.parley(database)],
    tokens,
    route: route(tokens),
  });
}

export const group: Part = {
  name: 'group',
  title: 'Sends into large groups whose members are away',
  async prepare(lab): Promise<Bench> {
    const intoGroup = (members: number): Promise<Subject> =>
      into(lab, nameOf(members), members, {
        load: (database) => loadGroups(database, [[1, 1, members]]),
        route: (tokens) => {
          const nextMember = jumping(Math.min(members, SENDERS));
          return () => ({ token: tokens.of(nextMember() + 1), recipient: groupId(1) });
        },
      });
    const direct = await into(lab, DIRECT, 2, {
      load: (database) => loadPairs(database, [[1, 2]]),
      route: (tokens) => (slot) => ({ token: tokens.of((slot % 2) + 1), recipient: userId(2 - (slot % 2)) }),
    });
    const largest = nameOf(SIZES.at(-1)!);
    return {
      unit: 'sends',
      subjects: [direct, ...(await Promise.all(SIZES.map(intoGroup)))],
      comparisons: [
        {
          name: `sends a second into a ${largest} ÷ into a direct conversation`,
          of: largest,
          to: DIRECT,
          figure: perSecond,
          better: 'higher',
          goal: 0.8,
          beyond: 0.95,
        },
      ],
      notes: [],
      plots: (results) => [
        {
          name: 'group',
          title: 'Sends a second into one conversation',
          x: { label: 'members', isLog: true },
          y: { label: 'sends/s' },
          lines: [
            {
              name: 'Parley on Express',
              points: [[2, DIRECT] as const, ...SIZES.map((size) => [size, nameOf(size)] as const)].map(
                ([size, name]) => [size, spread(results.get(name)!.map(perSecond)).median] as const,
              ),
            },
          ],
        },
      ],
    };
  },
};
