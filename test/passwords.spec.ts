import { describe, expect, it } from '@jest/globals';
import type { Parley } from '../sdk/src/index.js';
import { invalid, notSignedIn, wrongCredentials } from '../src/common/problems.js';
import { newWorld, type World } from './support/world.js';

const OLD = 'correct horse battery';
const NEW = 'a longer horse with a staple';

let names = 0;

async function registered({ anyone }: World, password = OLD): Promise<{ username: string; me: Parley; phone: Parley }> {
  const username = `vera.${++names}`;
  await anyone.createUser({ username, password });
  const [me, phone] = await Promise.all([1, 2].map(() => anyone.createSession({ username, password })));
  return { username, me: anyone.with({ accessToken: me!.accessToken }), phone: anyone.with({ tokens: phone! }) };
}

describe('a password', () => {
  it('a password is changed with the current one; the other sessions end, this one goes on', async () => {
    const world = await newWorld();
    const { username, me, phone } = await registered(world);
    await phone.getMe();
    await me.changePassword({ currentPassword: OLD, newPassword: NEW });
    await expect(phone.getMe()).rejects.toBeProblem(notSignedIn);
    await me.getMe();
    await expect(world.anyone.createSession({ username, password: OLD })).rejects.toBeProblem(wrongCredentials);
    await world.anyone.createSession({ username, password: NEW });
  });

  it('a password is not changed without the current one', async () => {
    const world = await newWorld();
    const { username, me, phone } = await registered(world);
    await expect(me.changePassword({ currentPassword: NEW, newPassword: NEW })).rejects.toBeProblem(wrongCredentials);
    await phone.getMe();
    await world.anyone.createSession({ username, password: OLD });
  });

  it('of ten concurrent changes of a password one succeeds', async () => {
    const world = await newWorld();
    const { username, me } = await registered(world);
    const wanted = Array.from({ length: 10 }, (_, i) => `${NEW} ${i}`);
    const answers = await Promise.allSettled(
      wanted.map((newPassword) => me.changePassword({ currentPassword: OLD, newPassword })),
    );
    const done = answers.flatMap(({ status }, i) => (status === 'fulfilled' ? [wanted[i]!] : []));
    expect(done).toHaveLength(1);
    await world.anyone.createSession({ username, password: done[0]! });
  });

  it('a password may have any characters, however an accent is composed', async () => {
    const world = await newWorld();
    const password = '  Zoë \u0000 🔑 ';
    const { username } = await registered(world, password.normalize('NFC'));
    await world.anyone.createSession({ username, password: password.normalize('NFD') });
    const refused = world.anyone.createSession({ username, password: password.trim() });
    await expect(refused).rejects.toBeProblem(wrongCredentials);
  });

  it.each(['1234567', '🔑'.repeat(7), 'x'.repeat(257), '12345678\ud800', '', null, 12345678])(
    'a password cannot become %j',
    async (newPassword) => {
      const { ana } = await newWorld();
      const answer = await ana.raw('PUT', '/v1/users/me/password', { body: { currentPassword: OLD, newPassword } });
      expect(answer).toBeProblem(invalid, 'newPassword');
    },
  );

  it('a user without a password cannot change it', async () => {
    const { ana, asApp } = await newWorld();
    for (const { api } of [ana, asApp.ana]) {
      const change = api.changePassword({ currentPassword: OLD, newPassword: NEW });
      await expect(change).rejects.toBeProblem(wrongCredentials);
    }
  });

  it('a password that an application changes for its user ends every session', async () => {
    const world = await newWorld();
    const { username, me, phone } = await registered(world);
    await world.app.with({ onBehalfOf: `@${username}` }).changePassword({ currentPassword: OLD, newPassword: NEW });
    for (const api of [me, phone]) await expect(api.getMe()).rejects.toBeProblem(notSignedIn);
  });

  it('a password is stored as argon2id only', async () => {
    const world = await newWorld();
    const { username } = await registered(world);
    const { rows } = await world.server.db.query<{ hash: string; user: string }>(
      `SELECT password_hash AS hash, row_to_json(u)::text AS user
       FROM credentials c JOIN users u ON u.id = c.user_id WHERE username = $1`,
      [username],
    );
    expect(rows[0]!.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(rows[0]!.user).not.toContain('argon2');
  });
});
