import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, jest } from '@jest/globals';
import { poolOfServer } from './support/pool.js';
import { LiveLimits } from '../src/live/live.limits.js';
import { ServerWebSocket } from '../src/live/server-web-socket.js';
import type { LiveClient } from './support/live-client.js';
import type { Person } from './support/person.js';
import { startServer, type TestServer } from './support/server.js';
import { newWorld } from './support/world.js';
import { caughtUp } from './support/caught-up.js';
import { until } from './support/until.js';

jest.setTimeout(120_000);

const MIB = 1024 * 1024;
/** More than the operating system takes for a socket that nobody reads. */
const MANY = 24_000;
const BATCH = 500;
/** As many bytes as a text can have. */
const TEXT = '👋'.repeat(150);
/** How long a machine that is busy with other work may take: nothing is asserted about it. */
const PATIENCE_MS = 90_000;

let server: TestServer;

afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
});

/** The server's ends of sockets, in the order in which they came. */
async function startWatched(limits: Partial<LiveLimits> = {}): Promise<Socket[]> {
  server = await startServer();
  Object.assign(server.app.get(LiveLimits), limits);
  const ends: Socket[] = [];
  const http = server.app.getHttpServer() as Server;
  http.on('upgrade', (_request: IncomingMessage, end: Socket) => ends.push(end));
  return ends;
}

/** Sends many messages; `after` is called after each batch. */
async function sendMany(from: Person, recipient: string, after: (sent: number) => void): Promise<void> {
  for (let sent = 0; sent < MANY; sent += BATCH) {
    const messages = Array.from({ length: BATCH }, (_, i) => ({ recipient, text: `${sent + i} ${TEXT}` }));
    await from.api.sendMessages({ messages });
    after(sent + BATCH);
  }
}

const numbers = (socket: LiveClient): number[] =>
  socket.received.flatMap((frame) => (frame.type === 'message' ? [Number.parseInt(frame.message.text)] : []));

const ready = (socket: LiveClient): Promise<void> =>
  until(() => socket.received.some(({ type }) => type === 'ready'), PATIENCE_MS);

const ALL = Array.from({ length: MANY }, (_, i) => i);

it('a socket that stops reading takes a bounded memory, slows nobody, and gets what it missed when it reads again', async () => {
  const ends = await startWatched();
  const { ana, ben, cleo } = await newWorld({ on: server });
  const group = await ana.createGroup('Rowing', ben, cleo);
  const slow = await caughtUp(ben);
  const quick = await caughtUp(cleo);
  const [slowEnd] = ends;
  slow.pause();
  let most = 0;
  await sendMany(ana, group.id, () => (most = Math.max(most, slowEnd!.writableLength)));
  await until(() => numbers(quick).length === MANY, PATIENCE_MS); // while the other does not read
  expect(numbers(quick)).toEqual(ALL);
  expect(most).toBeGreaterThan(MIB / 2);
  expect(most).toBeLessThan(2 * MIB);
  expect(numbers(slow).length).toBeLessThan(MANY);
  expect(slow.isOpen).toBe(true);

  slow.unpause();
  await until(() => slow.received.at(-1)?.type === 'ready' && numbers(slow).length >= MANY, PATIENCE_MS); // changes may have been missed
  expect(numbers(slow)).toEqual(ALL);
  expect(slow.rest('conversation')).toEqual([]);
  await ana.sendTo(group, 'live again');
  expect((await slow.next('message', ({ message }) => message.text === 'live again')).afterSeq).toBe(MANY);
});

it('a backlog of a socket that does not read waits in the database', async () => {
  const ends = await startWatched();
  const { ana, ben } = await newWorld({ on: server });
  await sendMany(ana, ben.id, () => undefined);
  const { id, joinedSeq } = await ben.conversation(ana);
  const slow = await ben.connect({ positions: { [id]: { seq: 0, joinedSeq } } });
  slow.pause();
  let most = 0;
  let unchanged = 0;
  for (let before = -1; unchanged < 25; await sleep(20)) {
    const { writableLength } = ends[0]!;
    unchanged = writableLength > 0 && writableLength === before ? unchanged + 1 : 0;
    before = writableLength;
    most = Math.max(most, writableLength);
  }
  expect(most).toBeLessThan(MIB);
  slow.unpause();
  await ready(slow);
  expect(numbers(slow)).toEqual(ALL);
});

it('a socket that does not read for too long is closed with 1013, and goes on from its position with another', async () => {
  const closes = jest.spyOn(ServerWebSocket.prototype, 'close');
  await startWatched({ slowMs: 500 });
  const { ana, ben } = await newWorld({ on: server });
  const slow = await caughtUp(ben);
  slow.pause();
  await sendMany(ana, ben.id, () => undefined);
  await until(() => closes.mock.calls.some(([code]) => code === 1013), PATIENCE_MS);
  slow.unpause();
  expect((await slow.closed()).code).toBe(1013);
  const got = numbers(slow);
  expect(got.length).toBeLessThan(MANY);
  const { id, joinedSeq } = await ben.conversation(ana);
  const again = await ben.connect({ positions: { [id]: { seq: got.length, joinedSeq } } });
  await ready(again);
  expect([...got, ...numbers(again)]).toEqual(ALL);
});

it('a client that asks before it resumes and does not read the answers is closed with 1013, in a bounded memory', async () => {
  const ends = await startWatched();
  const { ana } = await newWorld({ on: server });
  const deaf = await ana.connect({ resume: false });
  deaf.pause();
  let most = 0;
  for (let i = 0; i < 60_000; i++) {
    if (i % 9 === 0) deaf.sendFrame({ type: 'ping' });
    else deaf.sendBad('nonsense');
    if (i % 500 > 0) continue;
    await nextTurn();
    most = Math.max(most, ends[0]!.writableLength);
  }
  for (let i = 0; i < 25; i++, await sleep(20)) most = Math.max(most, ends[0]!.writableLength);
  expect(most).toBeGreaterThan(MIB / 2);
  expect(most).toBeLessThan(2 * MIB);

  deaf.unpause();
  expect((await deaf.closed()).code).toBe(1013);
});

it('what one socket asks for does not stand in front of everybody in the database', async () => {
  await startWatched();
  const { ana, ben } = await newWorld({ on: server });
  const message = await ben.sendTo(ana, 'read me');
  const socket = await caughtUp(ana);
  const pool = poolOfServer(server);
  for (let i = 0; i < 10_000; i++) socket.read(message);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, pool.waitingCount)), 1);
  socket.sendFrame({ type: 'ping' });
  await until(() => socket.received.some(({ type }) => type === 'pong'), PATIENCE_MS);
  clearInterval(watch);
  await until(() => pool.waitingCount === 0 && pool.idleCount === pool.totalCount, PATIENCE_MS);
  expect(most).toBeLessThan(2_000);
});
