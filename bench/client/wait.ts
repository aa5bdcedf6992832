import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 5;

/** Whether something came to be true within so many seconds. */
export async function comesTrue(isSo: () => boolean, seconds = 10): Promise<boolean> {
  const until = performance.now() + seconds * 1000;
  while (!isSo()) {
    if (performance.now() > until) return false;
    await sleep(LOOK_MS);
  }
  return true;
}
