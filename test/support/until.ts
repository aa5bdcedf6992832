import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const POLL_MS = 20;

/** Polls until the condition is true: for a state without an event to wait for. @throws if it is not true within `patienceMs` */
export async function until(holds: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`still not so: ${holds.toString()}`);
    await sleep(POLL_MS);
  }
}
