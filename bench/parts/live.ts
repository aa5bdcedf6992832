import { perSecond, perServerCpuSecond, type Bench, type Comparison, type Part } from '../part.js';
import { bareFloor, FAST, fanOut, MEMBERS, parleyFloor } from './fan-out.js';
import { IN_FLIGHT, SOCKETS, socketSends } from './socket-sends.js';
import { NO_PGBENCH, pgbenchSends } from './subjects.js';

export const live: Part = {
  name: 'live',
  title: 'Sockets that send and are told',
  async prepare(lab): Promise<Bench> {
    const limit = await pgbenchSends(lab, 'live_pgbench');
    const sends = await socketSends(lab);
    const subjects = [sends, ...limit, ...fanOut(lab, await parleyFloor(lab)), ...fanOut(lab, await bareFloor(lab))];
    const sending: Comparison = {
      name: `socket sends a second (${SOCKETS} sockets, ${IN_FLIGHT} in flight each) ÷ pgbench with the same statement`,
      of: sends.name,
      to: 'pgbench',
      figure: perSecond,
      better: 'higher',
      goal: 1.2,
      beyond: 2.5,
    };
    const telling: Comparison = {
      name: `deliveries per server CPU second, group of ${MEMBERS} ÷ bare ws, one stringify, ws.send`,
      of: `Parley, ${FAST}`,
      to: `bare ws, ${FAST}`,
      figure: perServerCpuSecond,
      better: 'higher',
      goal: 1,
      beyond: 2,
    };
    return {
      unit: 'sends or deliveries',
      subjects,
      comparisons: [...(limit.length > 0 ? [sending] : []), telling],
      notes: [
        'Latencies of deliveries are from sending to receipt, of every receiver.',
        'From reply to receipt may be below 0: a receiver can be told before the sender has the reply.',
        ...(limit.length > 0 ? [] : [NO_PGBENCH]),
      ],
    };
  },
};
