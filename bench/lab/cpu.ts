import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** CPU seconds that were used while something ran. */
export interface Cpu {
  /** The program under test, its workers included. */
  readonly server: number;
  /** Every process of the PostgreSQL. */
  readonly database: number;
  /** This process, or pgbench. */
  readonly generator: number;
  /** Everything else on the machine, time stolen by its host included. */
  readonly others: number;
}

/** The unit of processor time in /proc, almost everywhere 100 a second: proc_pid_stat(5). */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Seconds of a process with all of its threads, and of its children that have ended. */
function ownSeconds(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // after the name, which may have blanks in it
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  return (user! + system! + endedUser! + endedSystem!) / TICKS_PER_SECOND;
}

/** Seconds of a process and of all below it, those that have ended included. It never goes down. */
export function treeSeconds(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return ownSeconds(pid) + children.reduce((sum, child) => sum + treeSeconds(Number(child)), 0);
  } catch (error) {
    const hasEnded = ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (hasEnded) return 0; // its parent has it
    throw error;
  }
}

/** Seconds that the whole machine was busy, time stolen by its host included: proc_stat(5). */
function machineSeconds(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/ +/)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq! + steal!) / TICKS_PER_SECOND;
}

/** Processor time from now on. */
export class CpuWatch {
  private readonly before: Cpu;

  constructor(
    private readonly servers: readonly number[],
    private readonly postmaster: number,
  ) {
    this.before = this.look();
  }

  /** What was used since the watch began. */
  read(): Cpu {
    const now = this.look();
    const [server, database, generator, all] = (['server', 'database', 'generator', 'others'] as const).map(
      (kind) => now[kind] - this.before[kind],
    ) as [number, number, number, number];
    return { server, database, generator, others: Math.max(0, all - server - database - generator) };
  }

  private look(): Cpu {
    return {
      server: this.servers.reduce((sum, pid) => sum + treeSeconds(pid), 0),
      database: treeSeconds(this.postmaster),
      generator: ownSeconds('self'), // without the servers, which have not ended; with pgbench, which has
      others: machineSeconds(),
    };
  }
}
