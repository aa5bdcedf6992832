import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { forbidden } from '../src/common/problems.js';
import { newWorld } from './support/world.js';

const run = promisify(execFile);

/** `npm run api-key -- …` without npm. */
const apiKey = (databaseUrl: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, ['--import', '@swc-node/register/esm-register', 'scripts/api-key.ts', ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl, NODE_OPTIONS: '' },
  });

it('npm run api-key makes a key that a running server accepts at once', async () => {
  const { server, anyone, app } = await newWorld();
  const { stdout } = await apiKey(server.settings.databaseUrl, '--name', 'shop', '--scopes', 'act, users');
  const key = /^ {2}(parley_\S+)$/m.exec(stdout)?.[1];
  const shop = anyone.with({ apiKey: key! });
  await shop.createUser({ displayName: 'By the shop' });
  await expect(shop.listApiKeys()).rejects.toBeProblem(forbidden);
  expect((await app.listApiKeys()).items).toMatchObject([{ name: 'shop', scopes: ['act', 'users'] }]);
});

it.each([[['--name', 'shop']], [['--name', 'shop', '--scopes', 'all']]])(
  'npm run api-key with %j prints its usage, and makes no key',
  async (args) => {
    const { server, app } = await newWorld();
    const before = await app.listApiKeys();
    await expect(apiKey(server.settings.databaseUrl, ...args)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm run api-key --'),
    });
    expect(await app.listApiKeys()).toEqual(before);
  },
);
