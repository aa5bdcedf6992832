import cluster, { type Address, type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../common/startup-error.js';
import type { Settings } from '../config/settings.js';

/** Before a process that ended by itself is replaced, so that one that cannot live does not eat the machine. */
const REPLACE_AFTER_MS = 1_000;

/** Several processes on one port (node:cluster), which tell each other over the bus what happens. */
export class Workers {
  private isStopping = false;

  constructor(
    private readonly settings: Settings,
    private readonly complain: (line: string) => void,
  ) {}

  /** Starts them all. Answers where they listen. @throws StartError: one ended before it listened */
  async start(): Promise<Address> {
    const addresses = await Promise.all(Array.from({ length: this.settings.workers }, () => this.startOne()));
    return addresses[0]!;
  }

  /** Their process ids. */
  get pids(): number[] {
    return Object.values(cluster.workers ?? {}).flatMap((worker) => worker?.process.pid ?? []);
  }

  /** Asks each to stop as a process of its own does, and waits until all have. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const ended = Object.values(cluster.workers ?? {}).map(async (worker) => {
      if (!worker || worker.isDead()) return;
      const exit = once(worker, 'exit');
      worker.process.kill('SIGTERM');
      await exit;
    });
    await Promise.all(ended);
  }

  private async startOne(): Promise<Address> {
    const worker = cluster.fork(environmentOf(this.settings));
    const ended = once(worker, 'exit').then(([code]) => {
      throw new StartupError(
        `a process of several ended with exit code ${code} before it listened; its reason is above`,
      );
    });
    const [address] = (await Promise.race([once(worker, 'listening'), ended])) as [Address];
    this.replaceWhenEnded(worker);
    return address;
  }

  private replaceWhenEnded(worker: Worker): void {
    worker.once('exit', (code, signal) => {
      if (this.isStopping) return;
      this.complain(`Process ${worker.process.pid} has ended (${signal ?? code}): starting another.`);
      void this.replace();
    });
  }

  private async replace(): Promise<void> {
    await sleep(REPLACE_AFTER_MS);
    if (this.isStopping) return;
    try {
      await this.startOne();
    } catch (error) {
      this.complain((error as Error).message);
      void this.replace();
    }
  }
}

/** What the first process found out by itself, for the others to be told. */
function environmentOf({ databaseUrl, jwtSecret, bootstrapApiKey, registration }: Settings): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: databaseUrl,
    JWT_SECRET: jwtSecret,
    REGISTRATION: registration,
    ...(bootstrapApiKey !== undefined && { BOOTSTRAP_API_KEY: bootstrapApiKey }),
  };
}
