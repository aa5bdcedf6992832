import { readFileSync } from 'node:fs';
import { follow, LiveConnection } from '../client/live.js';
import { Faults } from '../faults.js';
import { collectGarbage } from '../lab/inspector.js';
import type { Lab } from '../lab/lab.js';
import type { Program } from '../lab/program.js';
import { loadPairs, loadUsers, pairsAmong, settle, Tokens } from '../lab/world.js';
import type { Bench, Part, Run, Subject } from '../part.js';
import { spread } from '../statistics.js';

const SOCKETS = 5000;
const QUICK_SOCKETS = 500;
const STEPS = 5;
/** Sockets that are being opened at the same time. */
const AT_ONCE = 50;
/** Files beside sockets that a process has open. */
const SPARE_FILES = 200;
const CONVERSATIONS_EACH = 2;
/** A debugger is needed to collect garbage; the baseline has one, too. */
const FLAGS = ['--inspect=127.0.0.1:0'];

const PER_SOCKET = 'memory per socket (kB)';
const residentAt = (sockets: number): string => `memory with ${sockets.toLocaleString('en')} sockets (MB)`;

/** As many as a process may open here: node raises its own limit to the hard one. */
function possible(wanted: number): number {
  const [, hard] = /Max open files +\d+ +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return hard === undefined ? wanted : Math.min(wanted, Number(hard) - SPARE_FILES);
}

interface Holder {
  readonly name: string;
  readonly does: string;
  readonly prepare?: () => Promise<void>;
  start(): Promise<Program>;
  open(server: Program, n: number): Promise<LiveConnection>;
}

/** A server of its own for each run, since memory that was used is not all given back. */
function holding(lab: Lab, sockets: number, { name, does, prepare, start, open }: Holder): Subject {
  return {
    name,
    does,
    async run() {
      await prepare?.();
      const faults = new Faults();
      const server = await start();
      const opened: LiveConnection[] = [];
      const figures: Record<string, number> = {};
      const measure = async (): Promise<void> => {
        await collectGarbage(server);
        figures[residentAt(opened.length)] = server.residentBytes / 2 ** 20;
      };
      await measure();
      const watched = await lab.watch([server], async () => {
        for (let step = 1; step <= STEPS; step++) {
          const upTo = Math.round((sockets * step) / STEPS);
          while (opened.length < upTo) {
            const numbers = Array.from(
              { length: Math.min(AT_ONCE, upTo - opened.length) },
              (_, i) => opened.length + i + 1,
            );
            opened.push(...(await Promise.all(numbers.map((n) => open(server, n)))));
          }
          await measure();
        }
      });
      const [first, last] = [Math.round(sockets / STEPS), sockets];
      figures[PER_SOCKET] = ((figures[residentAt(last)]! - figures[residentAt(first)]!) * 1024) / (last - first);
      faults.add('a socket was closed', opened.filter(({ isOpen }) => !isOpen).length);
      for (const connection of opened) connection.close();
      await server.stop();
      return { count: sockets, seconds: watched.seconds, cpu: watched.cpu, figures, faults: faults.list };
    },
  };
}

export const sockets: Part = {
  name: 'sockets',
  title: 'Idle sockets',
  async prepare(lab, { quick }): Promise<Bench> {
    const wanted = quick ? QUICK_SOCKETS : SOCKETS;
    const count = possible(wanted);
    const database = await lab.database('sockets');
    await loadUsers(database, count);
    await loadPairs(database, pairsAmong(count, CONVERSATIONS_EACH / 2));
    await settle(database);
    const tokens = new Tokens(count);
    const nothing = (): void => undefined;
    const steps = Array.from({ length: STEPS + 1 }, (_, step) => Math.round((count * step) / STEPS));
    const subjects = [
      holding(lab, count, {
        name: 'Parley',
        does: `each socket is another user, signed in, following their ${CONVERSATIONS_EACH} conversations`,
        prepare: () => tokens.refresh(),
        start: () => lab.parley(database, {}, FLAGS),
        open: ({ port }, n) => follow(port, tokens.of(n), nothing),
      }),
      holding(lab, count, {
        name: 'bare ws',
        does: 'a ws server that knows its sockets and nothing else',
        start: () => lab.baseline('bare-ws', undefined, FLAGS),
        open: ({ port }) => LiveConnection.open(port, '/', [], nothing),
      }),
    ];
    return {
      unit: 'sockets opened',
      subjects,
      comparisons: [
        {
          name: 'memory per idle signed-in socket ÷ bare ws',
          of: 'Parley',
          to: 'bare ws',
          figure: ({ figures }: Run) => figures![PER_SOCKET]!,
          better: 'lower',
          goal: 1.5,
          beyond: 1.25,
        },
      ],
      notes: [
        `${count.toLocaleString('en')} sockets; resident memory of the process, garbage collected; per socket as it grows after the first fifth of them, which use what starting has left free.`,
        'The kernel keeps some kB for each TCP connection beside this.',
        ...(count < wanted
          ? [`${wanted.toLocaleString('en')} were wanted: raise the limit of open files (ulimit -Hn).`]
          : []),
      ],
      warmsUp: false,
      plots: (results) => [
        {
          name: 'sockets',
          title: 'Memory of the server as sockets are opened',
          x: { label: 'sockets', isLog: false },
          y: { label: 'MB' },
          lines: subjects.map(({ name }) => ({
            name,
            points: steps.map((at) => {
              const megabytes = results.get(name)!.map(({ figures }) => figures![residentAt(at)]!);
              return [at, spread(megabytes).median] as const;
            }),
          })),
        },
      ],
    };
  },
};
