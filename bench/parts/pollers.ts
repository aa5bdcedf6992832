import { request } from '../client/http.js';
import { askEach } from '../client/load.js';
import type { Cpu } from '../lab/cpu.js';
import { collectGarbage } from '../lab/inspector.js';
import type { Lab } from '../lab/lab.js';
import type { Database } from '../lab/database.js';
import type { Program } from '../lab/program.js';
import { loadPairs, loadUsers, pairsAmong, settle, Tokens } from '../lab/world.js';
import type { Bench, Part, Subject } from '../part.js';
import { POLL } from './poll.js';

const POLLERS = 10_000;
const QUICK_POLLERS = 1000;
const CONVERSATIONS_EACH = 10;
/** A first part of them, which uses the memory that starting has left free. */
const FIRST = 5;
const LATER_POLLS = 3;
/** A debugger is needed to collect garbage. */
const FLAGS = ['--inspect=127.0.0.1:0'];

const microseconds = (seconds: number, polls: number): number => (seconds * 1e6) / polls;

/** What a poller costs a process that sees them for the first time, and from then on. Each run has a server of its own. */
function polling(lab: Lab, database: Database, tokens: Tokens, pollers: number): Subject {
  const requests = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => request('GET', POLL, tokens.of(from + i + 1)));
  const memoryOf = async (server: Program): Promise<number> => {
    await collectGarbage(server);
    return server.residentBytes;
  };
  return {
    name: 'Parley',
    does: `GET ${POLL} of ${pollers.toLocaleString('en')} users who have nothing new, each in ${CONVERSATIONS_EACH} conversations`,
    async run() {
      await tokens.refresh();
      const server = await lab.parley(database, {}, FLAGS);
      const first = Math.round(pollers / FIRST);
      await askEach(server.port, requests(0, first));
      const before = await memoryOf(server);
      const cold = await lab.watch([server], () => askEach(server.port, requests(first, pollers)));
      const after = await memoryOf(server);
      const all = requests(0, pollers);
      const warm = await lab.watch([server], async () => {
        for (let turn = 0; turn < LATER_POLLS; turn++) await askEach(server.port, all);
      });
      await server.stop();
      const count = LATER_POLLS * pollers;
      const per = ({ server: own, database: behind }: Cpu, polls: number): [own: number, behind: number] => [
        microseconds(own, polls),
        microseconds(behind, polls),
      ];
      const [firstServer, firstDatabase] = per(cold.cpu, pollers - first);
      const [laterServer] = per(warm.cpu, count);
      return {
        count,
        seconds: warm.seconds,
        cpu: warm.cpu,
        figures: {
          'memory per poller (kB)': (after - before) / 1024 / (pollers - first),
          'first poll, server (µs)': firstServer,
          'first poll, database (µs)': firstDatabase,
          'later poll, server (µs)': laterServer,
        },
        faults: [],
      };
    },
  };
}

export const pollers: Part = {
  name: 'pollers',
  title: 'Many users who poll',
  async prepare(lab, { quick }): Promise<Bench> {
    const count = quick ? QUICK_POLLERS : POLLERS;
    const database = await lab.database('pollers');
    await loadUsers(database, count);
    await loadPairs(database, pairsAmong(count, CONVERSATIONS_EACH / 2));
    await settle(database);
    return {
      unit: 'later polls',
      subjects: [polling(lab, database, new Tokens(count), count)],
      comparisons: [],
      notes: [
        'The first poll of a user verifies the token and reads session, blocks and memberships; later ones ask the database nothing, as long as the user comes at least every five minutes.',
        'Resident memory, garbage collected, as it grows after the first fifth of the pollers.',
      ],
      warmsUp: false,
    };
  },
};
