import { expect, it, jest } from '@jest/globals';
import { isGone, newDataDir, postgresOf, Program } from './support/program.js';
import { raw } from './support/raw.js';

jest.setTimeout(60_000);

const PASSWORD = 'correct horse battery';

it('several processes serve one port, one that is killed is replaced, and all end together', async () => {
  const DATA_DIR = newDataDir();
  const program = Program.start({ DATA_DIR, WORKERS: '2' });
  const url = await program.url();
  const postgres = postgresOf(DATA_DIR);
  const [, first, second] = (await program.waitForOutput(/processes (\d+), (\d+) serve/)).map(Number);

  const ana = { username: 'ana', password: PASSWORD };
  expect(await raw(`${url}/v1/users`, 'POST', { body: ana })).toMatchObject({ status: 201 });
  const { text } = await raw(`${url}/v1/sessions`, 'POST', { body: ana });
  const { accessToken } = JSON.parse(text) as { accessToken: string };
  const me = (): Promise<{ status: number }> =>
    raw(`${url}/v1/users/me`, 'GET', { headers: { Authorization: `Bearer ${accessToken}` } });
  const answers = await Promise.all(Array.from({ length: 20 }, me)); // connections go to the processes in turn
  expect(answers.every(({ status }) => status === 200)).toBe(true);

  process.kill(first!, 'SIGKILL');
  await program.waitForOutput(/Process \d+ has ended \(SIGKILL\): starting another/);
  expect(await me()).toMatchObject({ status: 200 });

  program.signal('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
  expect(await isGone(postgres)).toBe(true);
  expect(await isGone(second!)).toBe(true);
});
