import { unavailable } from '../common/problems.js';

/** Runs at most `maxRunning` tasks at once; at most `maxWaiting` more wait their turn, in order. */
export class Limiter {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
  ) {}

  /** @throws unavailable (503): too many wait already */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.turn();
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next)
        next(); // the finished task's slot goes to the next task
      else this.running--;
    }
  }

  private async turn(): Promise<void> {
    if (this.running < this.maxRunning) this.running++;
    else if (this.waiting.length < this.maxWaiting) await new Promise<void>((go) => this.waiting.push(go));
    else throw unavailable();
  }
}
