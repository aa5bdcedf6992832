import { readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { request, type ClientRequest } from 'node:http';
import path from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { isGone, newDataDir, postgresOf, Program } from './support/program.js';
import { raw, type RawAnswer } from './support/raw.js';

jest.setTimeout(60_000);

const ANA = { username: 'ana', password: 'correct horse battery' };
const JWT_SECRET = 'the secret of these tests, long enough';

const register = (url: string): Promise<RawAnswer> => raw(`${url}/v1/users`, 'POST', { body: ANA });
const logIn = async (url: string): Promise<string> => {
  const { text } = await raw(`${url}/v1/sessions`, 'POST', { body: ANA });
  return (JSON.parse(text) as { accessToken: string }).accessToken;
};
const me = (url: string, token: string): Promise<RawAnswer> =>
  raw(`${url}/v1/users/me`, 'GET', { headers: { Authorization: `Bearer ${token}` } });

it('the first start needs no setting and prints where everything is; the next one finds all data and sessions', async () => {
  const DATA_DIR = newDataDir();
  const first = Program.start({ DATA_DIR });
  const url = await first.url();
  expect(await raw(`${url}/health/live`, 'GET')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(await raw(`${url}/health/ready`, 'GET')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(first.output).toContain(`${url}/docs`);
  expect(first.output).toContain('Registration     open');
  const [, key = ''] = await first.waitForOutput(/Application key +(parley_\S+)/);
  expect(readFileSync(path.join(DATA_DIR, 'application-key'), 'utf8').trim()).toBe(key);
  expect(statSync(path.join(DATA_DIR, 'jwt-secret')).mode & 0o077).toBe(0);
  expect(await register(url)).toMatchObject({ status: 201 });
  const token = await logIn(url);
  first.signal('SIGTERM');
  expect(await first.exit).toEqual({ code: 0, signal: null });

  const second = Program.start({ DATA_DIR });
  expect(await me(await second.url(), token)).toMatchObject({ status: 200 });
  expect(second.output).toContain(key);
  expect(second.output).not.toContain('first start only');
});

it.each(['SIGTERM', 'SIGINT'] as const)('%s ends the program with 0, and its PostgreSQL with it', async (signal) => {
  const DATA_DIR = newDataDir();
  const program = Program.start({ DATA_DIR });
  await program.url();
  const postgres = postgresOf(DATA_DIR);
  program.signal(signal);
  expect(await program.exit).toEqual({ code: 0, signal: null });
  expect(await isGone(postgres)).toBe(true);
});

it('kill -9 leaves no PostgreSQL behind, and the next start has all data', async () => {
  const DATA_DIR = newDataDir();
  const first = Program.start({ DATA_DIR });
  await register(await first.url());
  const postgres = postgresOf(DATA_DIR);
  first.signal('SIGKILL');
  const second = Program.start({ DATA_DIR });
  expect(await isGone(postgres)).toBe(true);
  expect(await logIn(await second.url())).toBeTruthy();
});

it('a killed PostgreSQL ends the program with a message, and the next start recovers', async () => {
  const DATA_DIR = newDataDir();
  const first = Program.start({ DATA_DIR });
  await register(await first.url());
  process.kill(postgresOf(DATA_DIR), 'SIGKILL');
  expect(await first.exit).toMatchObject({ code: 1 });
  expect(first.output).toContain('PostgreSQL has ended');
  const second = Program.start({ DATA_DIR });
  expect(await logIn(await second.url())).toBeTruthy();
});

it("a second start on the same DATA_DIR is refused with the directory's name, and the first keeps running", async () => {
  const DATA_DIR = newDataDir();
  const both = [Program.start({ DATA_DIR }), Program.start({ DATA_DIR })];
  const loser = await Promise.race(both.map(async (each) => (await each.exit, each)));
  expect(await loser.exit).toMatchObject({ code: 1 });
  expect(loser.output).toMatch(/another Parley \(process \d+\) is running on/);
  const winner = both.find((each) => each !== loser);
  expect(await register((await winner?.url()) ?? '')).toMatchObject({ status: 201 });
});

it('a request in flight at SIGTERM is answered before the program ends', async () => {
  const program = Program.start({ DATA_DIR: newDataDir() });
  const { answer, sendBody } = await halfSent(await program.url());
  program.signal('SIGTERM');
  await program.waitForOutput(/SIGTERM: stopping/);
  sendBody();
  expect(await answer).toBe(201);
  expect(await program.exit).toEqual({ code: 0, signal: null });
});

it('a second signal does not wait for requests in flight', async () => {
  const DATA_DIR = newDataDir();
  const program = Program.start({ DATA_DIR });
  const { answer } = await halfSent(await program.url());
  const postgres = postgresOf(DATA_DIR);
  program.signal('SIGINT');
  await program.waitForOutput(/SIGINT: stopping/);
  const impatience = setInterval(() => program.signal('SIGINT'), 100);
  expect(await program.exit).toEqual({ code: 1, signal: null });
  clearInterval(impatience);
  await expect(answer).rejects.toThrow();
  expect(await isGone(postgres)).toBe(true);
});

it.each([
  [{ PORT: 'eighty', LOG_LEVEL: 'loud' }, /PORT must be a whole number[^]*LOG_LEVEL must be/],
  [{ DATABASE_URL: 'postgres://parley@127.0.0.1:1/parley' }, /JWT_SECRET must have at least 32 characters/],
  [
    { DATABASE_URL: 'postgres://parley:hidden@127.0.0.1:1/parley', JWT_SECRET },
    /127\.0\.0\.1:1\/parley cannot be used/,
  ],
])('a start that fails for its environment prints the reason without a stack: %j', async (environment, reason) => {
  const program = Program.start({ DATA_DIR: newDataDir(), ...environment });
  expect(await program.exit).toMatchObject({ code: 1 });
  expect(program.output).toMatch(reason);
  expect(program.output).not.toMatch(/\n +at |hidden/);
});

it('a start on a port in use names the port, and leaves no PostgreSQL', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  const port = await new Promise<number>((resolve) => {
    taken.once('listening', () => resolve((taken.address() as AddressInfo).port));
  });
  const program = Program.start({ DATA_DIR: newDataDir(), PORT: String(port) });
  expect(await program.exit).toMatchObject({ code: 1 });
  taken.close();
  expect(program.output).toContain(`127.0.0.1 port ${port} is in use`);
  expect(program.output).not.toMatch(/\n +at /);
});

it.each([
  ['npm gets SIGTERM', 'SIGTERM', 'npm alone'],
  ['Ctrl-C is pressed', 'SIGINT', 'the whole group'],
] as const)('npm start ends cleanly when %s', async (_, signal, whom) => {
  const DATA_DIR = newDataDir();
  const program = Program.run('npm', ['start'], { DATA_DIR });
  const { answer, sendBody } = await halfSent(await program.url());
  const postgres = postgresOf(DATA_DIR);
  if (whom === 'npm alone') program.signal(signal);
  else program.signalGroup(signal);
  await program.waitForOutput(/: stopping/);
  sendBody();
  expect(await answer).toBe(201);
  expect(await program.exit).toEqual({ code: 0, signal: null });
  expect(await isGone(postgres)).toBe(true);
});

/** A registration whose headers the server has read, and for whose body it waits. */
async function halfSent(url: string): Promise<{ answer: Promise<number | undefined>; sendBody: () => void }> {
  const body = JSON.stringify(ANA);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length, Expect: '100-continue' };
  const sent: ClientRequest = request(`${url}/v1/users`, { method: 'POST', headers });
  const answer = new Promise<number | undefined>((resolve, reject) => {
    sent.once('response', (response) => resolve(response.resume().statusCode));
    sent.once('error', reject);
  });
  sent.flushHeaders();
  await new Promise((resolve) => sent.once('continue', resolve));
  return { answer, sendBody: () => void sent.end(body) };
}
