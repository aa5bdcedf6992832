import { HttpConnection } from './http.js';

/** Who asks what: a slot has one request under way at a time. */
export interface Asker {
  /** The next request of this slot. */
  next(slot: number): string;
  /** Looks at the answer to the request of this slot. False: it was not right, and does not count. */
  answered(slot: number, status: number, body: string): boolean;
}

export interface Load {
  /** How many were answered rightly. */
  readonly count: number;
  /** Of each of them, in ms. */
  readonly latencies: readonly number[];
}

/** A closed loop: every connection asks again as soon as it is answered, until the time is up and all are answered. */
export async function closedLoop(
  ports: readonly number[],
  connections: number,
  seconds: number,
  asker: Asker,
): Promise<Load> {
  const opened = await Promise.all(
    Array.from({ length: connections }, (_, slot) => HttpConnection.open(ports[slot % ports.length]!)),
  );
  const latencies: number[] = [];
  const until = performance.now() + seconds * 1000;
  const loop = (connection: HttpConnection, slot: number): Promise<void> =>
    new Promise((resolve) => {
      const askNext = (): void => {
        const askedAt = performance.now();
        connection.ask(asker.next(slot), (status, body) => {
          const now = performance.now();
          if (asker.answered(slot, status, body)) latencies.push(now - askedAt);
          if (now < until && status !== 0) askNext();
          else resolve();
        });
      };
      askNext();
    });
  await Promise.all(opened.map(loop));
  for (const connection of opened) connection.close();
  return { count: latencies.length, latencies };
}

/** How late a due request may be started because of the timer, in ms; counted as waiting. */
const TICK_MS = 1;

/**
 * An open loop: so many requests a second, whether or not the ones before are answered, each on a connection that is
 * free. Latency counts from when a request was due, so a server that falls behind cannot slow its clients down.
 */
export async function openLoop(
  port: number,
  ratePerSecond: number,
  seconds: number,
  connections: number,
  asker: Asker,
): Promise<Load> {
  const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)));
  const free = opened.map((_, slot) => slot);
  const due: number[] = [];
  const latencies: number[] = [];
  const total = Math.round(ratePerSecond * seconds);
  const startedAt = performance.now();
  let planned = 0;
  let ended = 0;
  let lost = 0;
  await new Promise<void>((resolve) => {
    const start = (slot: number, dueAt: number): void =>
      opened[slot]!.ask(asker.next(slot), (status, body) => {
        if (asker.answered(slot, status, body)) latencies.push(performance.now() - dueAt);
        ended++;
        if (status === 0) lost++;
        else free.push(slot);
        startDue();
      });
    const startDue = (): void => {
      while (due.length > 0 && free.length > 0) start(free.shift()!, due.shift()!);
      if (ended < total && lost < connections) return;
      clearInterval(timer);
      resolve();
    };
    const timer = setInterval(() => {
      const soFar = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond) + 1);
      for (; planned < soFar; planned++) due.push(startedAt + (planned / ratePerSecond) * 1000);
      startDue();
    }, TICK_MS);
  });
  for (const connection of opened) connection.close();
  return { count: latencies.length, latencies };
}

/** Asks each of these once, one after the other on each of some connections. */
export async function askEach(port: number, requests: readonly string[], connections = 8): Promise<void> {
  const queue = requests[Symbol.iterator]();
  const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)));
  const loop = (connection: HttpConnection): Promise<void> =>
    new Promise((resolve) => {
      const askNext = (): void => {
        const { value, done } = queue.next();
        if (done) resolve();
        else connection.ask(value, askNext);
      };
      askNext();
    });
  await Promise.all(opened.map(loop));
  for (const connection of opened) connection.close();
}
