import { follow, type LiveConnection } from '../client/live.js';
import { isMessage } from '../client/replies.js';
import { placeIn } from '../client/sends.js';
import { comesTrue } from '../client/wait.js';
import type { Lab } from '../lab/lab.js';
import { loadShortLogs } from '../lab/log.js';
import { loadPairs, loadUsers, settle, Tokens, userId, type Pair } from '../lab/world.js';
import { perSecond, type Bench, type Part, type Subject } from '../part.js';
import { PARLEY_DOES, restSends } from './subjects.js';

/** User 2n-1 sends to user 2n, who has a socket at the other process. */
const PAIRS = Array.from({ length: 64 }, (_, i): Pair => [2 * i + 1, 2 * i + 2]);

/** Two processes on one database. Even slots and pairs send to the first and listen at the second, odd ones the other way round. */
async function twoProcesses(lab: Lab, bus: 'on' | 'off'): Promise<Subject> {
  const database = await lab.database(`bus_${bus}`);
  await loadUsers(database, 2 * PAIRS.length);
  await loadPairs(database, PAIRS);
  await loadShortLogs(database, 1); // a conversation without a message is not followed
  await settle(database);
  const servers = [await lab.parley(database, { BUS: bus }), await lab.parley(database, { BUS: bus })];
  const tokens = new Tokens(2 * PAIRS.length);
  let received = 0;
  let outOfPlace = 0;
  const listen = ([, other]: Pair, i: number): Promise<LiveConnection> => {
    let last: number | undefined;
    return follow(servers[(i + 1) % 2]!.port, tokens.of(other), (text) => {
      if (!isMessage(text)) return;
      const [, seq] = placeIn(text);
      if (last !== undefined && seq !== last + 1) outOfPlace++;
      last = seq;
      received++;
    });
  };
  const turns = [0, 0];
  const sends = restSends(lab, {
    name: `bus ${bus}`,
    does: `32 connections to two processes with BUS=${bus}, 64 receivers with a socket at the process that is not sent to: ${PARLEY_DOES}`,
    database,
    servers,
    tokens,
    loaded: PAIRS.length,
    route: (slot) => {
      const side = slot % 2;
      const [one, other] = PAIRS[((turns[side]! += 2) % PAIRS.length) | side]!;
      return { token: tokens.of(one), recipient: userId(other) };
    },
    after: async (faults, sent) => {
      if (bus === 'on' && !(await comesTrue(() => received >= sent)))
        faults.add('a message did not reach the other process');
      const due = bus === 'on' ? sent : 0;
      if (received !== due) faults.add(`${received} messages reached the other process, ${due} should have`);
      faults.add('a message was lost, doubled or out of its place', outOfPlace);
    },
  });
  return {
    ...sends,
    async run(seconds) {
      await tokens.refresh(servers);
      received = 0;
      outOfPlace = 0;
      const listeners = await Promise.all(PAIRS.map(listen));
      try {
        return await sends.run(seconds);
      } finally {
        for (const listener of listeners) listener.close();
      }
    },
  };
}

export const bus: Part = {
  name: 'bus',
  title: 'Two processes that tell each other',
  async prepare(lab): Promise<Bench> {
    return {
      unit: 'sends',
      subjects: [await twoProcesses(lab, 'on'), await twoProcesses(lab, 'off')],
      comparisons: [
        {
          name: 'sends a second, two processes and delivery between them ÷ the same with the bus off',
          of: 'bus on',
          to: 'bus off',
          figure: perSecond,
          better: 'higher',
          goal: 0.9,
          beyond: 0.97,
        },
      ],
      notes: ['On Express; the hints travel by PostgreSQL.'],
    };
  },
};
