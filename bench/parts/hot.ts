import { jumping } from '../client/sends.js';
import type { Lab } from '../lab/lab.js';
import { groupId, loadGroups, loadUsers, settle, Tokens, type Group } from '../lab/world.js';
import { perSecond, type Bench, type Part, type Subject } from '../part.js';
import { CONNECTIONS, PARLEY_DOES, restSends } from './subjects.js';

/** Users of the hot group, who send in the spread ones, too. */
const SENDERS = 100;
const CONVERSATIONS = 10_000;

/** Groups on both sides, so that nothing differs but how many there are: the checks of a direct send are others. */
async function subject(lab: Lab, name: string, does: string, groups: readonly Group[]): Promise<Subject> {
  const database = await lab.database(name);
  await loadUsers(database, SENDERS + 1);
  await loadGroups(database, groups);
  await settle(database);
  const tokens = new Tokens(SENDERS);
  const nextGroup = jumping(groups.length);
  const nextMember = jumping(SENDERS);
  return restSends(lab, {
    name,
    does: `${does} by ${CONNECTIONS} connections on Express: ${PARLEY_DOES}`,
    database,
    servers: [await lab.parley(database)],
    tokens,
    route: () => {
      const [n, from, to] = groups[nextGroup()]!;
      return { token: tokens.of(from + (nextMember() % (to - from))), recipient: groupId(n) };
    },
  });
}

export const hot: Part = {
  name: 'hot',
  title: 'Sends all into one group',
  async prepare(lab): Promise<Bench> {
    const spread: Group[] = Array.from({ length: CONVERSATIONS }, (_, i) => [
      i + 1,
      (i % SENDERS) + 1,
      (i % SENDERS) + 2,
    ]);
    return {
      unit: 'sends',
      subjects: [
        await subject(lab, 'one', `into one group of ${SENDERS + 1}`, [[1, 1, SENDERS + 1]]),
        await subject(lab, 'spread', `spread over ${CONVERSATIONS.toLocaleString('en')} groups`, spread),
      ],
      comparisons: [
        {
          name: `sends a second, all into one group ÷ spread over ${CONVERSATIONS.toLocaleString('en')} conversations`,
          of: 'one',
          to: 'spread',
          figure: perSecond,
          better: 'higher',
          goal: 0.8,
          beyond: 0.95,
        },
      ],
      notes: [],
    };
  },
};
