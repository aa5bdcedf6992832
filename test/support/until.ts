import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const POLL_MS = 20;

/** Asks again and again until it holds: for what nobody announces. @throws where it has not within `patienceMs` */
export async function until(holds: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`still not so: ${holds.toString()}`);
    await sleep(POLL_MS);
  }
}
