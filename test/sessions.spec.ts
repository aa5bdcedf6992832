import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { Parley, Schemas } from '../sdk/src/index.js';
import { notSignedIn, sessionNotFound, wrongCredentials, malformed } from '../src/common/problems.js';
import { newWorld, type World } from './support/world.js';

const PASSWORD = 'correct horse battery';

let names = 0;

/** A user with a password, and a client for their logins. */
async function registered({ anyone }: World): Promise<{ username: string; logIn: () => Promise<Schemas['Tokens']> }> {
  const username = `rosa.${++names}`;
  await anyone.createUser({ username, password: PASSWORD });
  return { username, logIn: () => anyone.createSession({ username, password: PASSWORD }) };
}

const using = ({ anyone }: World, { accessToken }: Schemas['Tokens']): Parley => anyone.with({ accessToken });

/** The next tokens of a session. */
const refresh = (api: Parley, { refreshToken }: Schemas['Tokens']): Promise<Schemas['Tokens']> =>
  api.refreshSession({ refreshToken });

describe('logging in', () => {
  it('a login returns tokens that are valid for 15 minutes, and the user', async () => {
    const world = await newWorld();
    const { username, logIn } = await registered(world);
    const tokens = await logIn();
    expect(tokens).toMatchObject({ expiresIn: 900, user: { username } });
    expect(await using(world, tokens).getMe()).toEqual(tokens.user);
  });

  it('a login refuses an unknown user and a wrong password in the same way, after the same time', async () => {
    const world = await newWorld();
    const { username } = await registered(world);
    const { username: withoutPassword } = world.ana;
    const timed = async (body: object): Promise<number> => {
      const start = performance.now();
      const answer = await world.raw('POST', '/v1/sessions', { body });
      expect(answer).toBeProblem(wrongCredentials);
      expect(JSON.parse(answer.text)).toMatchObject({ detail: wrongCredentials.title });
      expect(answer.headers.get('WWW-Authenticate')).toContain('Bearer');
      return performance.now() - start;
    };
    const wrong = { username, password: 'wrong horse battery' };
    const others = ['nobody.at.all', 'no such name!', withoutPassword].map((name) => ({
      username: name,
      password: PASSWORD,
    }));
    const quickest = new Map<object, number>(); // of several in turn: a busy machine slows some of them down, and speeds none up
    for (let i = 0; i < 5; i++) {
      for (const body of [wrong, ...others]) {
        quickest.set(body, Math.min(quickest.get(body) ?? Infinity, await timed(body)));
      }
    }
    for (const other of others) expect(quickest.get(other)!).toBeGreaterThan(quickest.get(wrong)! / 3);
  });

  it('a login succeeds also with an expired or invalid access token in its header', async () => {
    const world = await newWorld();
    const { username } = await registered(world);
    const old = world.anyone.with({ accessToken: 'eyJhbGciOiJIUzI1NiJ9.e30.none' });
    const { refreshToken } = await old.createSession({ username, password: PASSWORD });
    await old.refreshSession({ refreshToken });
  });
});

describe('an access token', () => {
  it('an access token with any foreign part is refused', async () => {
    const world = await newWorld();
    const [ana, ben] = [world.ana.id, world.ben.id];
    const { items } = await world.ana.api.listSessions();
    const sid = items[0]!.id;
    const secret = Buffer.from(world.server.settings.jwtSecret);
    const token = (claims: object, key: Uint8Array = secret, alg = 'HS256'): Promise<string> =>
      new SignJWT({ sub: ana, sid, ...claims }).setProtectedHeader({ alg }).setExpirationTime('10m').sign(key);
    const call = (accessToken: string): Promise<unknown> => world.anyone.with({ accessToken }).getMe();
    await call(await token({}));
    for (const forged of [
      'x',
      'a.b.c',
      await token({}, Buffer.from('another secret of at least 32 characters')),
      await token({}, secret, 'HS384'),
      await token({ sid: undefined }),
      await token({ sid: 'current' }),
      await token({ sid: randomUUID() }),
      await token({ sub: 'ana' }),
      await token({ sub: ben }),
      await new SignJWT({ sub: ana, sid }).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      await new SignJWT({ sub: ana, sid }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('-1s').sign(secret),
      new UnsecuredJWT({ sub: ana, sid }).setExpirationTime('10m').encode(),
    ]) {
      await expect(call(forged)).rejects.toBeProblem(notSignedIn);
    }
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer ', 'Bearer a b', 'bearer', ''])(
    'there is no access token in the header "%s"',
    async (Authorization) => {
      const { raw } = await newWorld();
      expect(await raw('GET', '/v1/users/me', { headers: { Authorization } })).toBeProblem(notSignedIn);
    },
  );

  it('an access token is found after Bearer in any case', async () => {
    const { ana, raw } = await newWorld();
    const Authorization = ana.headers.Authorization!.replace('Bearer', 'bEARER');
    expect((await raw('GET', '/v1/users/me', { headers: { Authorization } })).status).toBe(200);
  });
});

describe('sessions', () => {
  it('sessions are listed newest first, over pages, with their devices', async () => {
    const world = await newWorld();
    const { username, logIn } = await registered(world);
    for (const device of ['Phone', 'x'.repeat(300)]) {
      const body = { username, password: PASSWORD };
      await world.raw('POST', '/v1/sessions', { body, headers: { 'User-Agent': device } });
    }
    const me = using(world, await logIn());
    const sessions: Schemas['Session'][] = [];
    for await (const session of me.each('listSessions', { limit: 2 })) sessions.push(session);
    expect(sessions.map(({ current }) => current)).toEqual([true, false, false]);
    expect(sessions.slice(1).map(({ device }) => device)).toEqual(['x'.repeat(200), 'Phone']);
    await expect(me.listSessions({ cursor: 'x' })).rejects.toBeProblem(malformed);
  });

  it('an ended session is refused at once; the others go on', async () => {
    const world = await newWorld();
    const { logIn } = await registered(world);
    const [phone, laptop] = [using(world, await logIn()), using(world, await logIn())];
    await phone.getMe();
    const { items } = await laptop.listSessions();
    await laptop.endSession({ id: items.find(({ current }) => !current)!.id.toUpperCase() });
    await expect(phone.getMe()).rejects.toBeProblem(notSignedIn);
    expect((await laptop.listSessions()).items).toHaveLength(1);
    await laptop.endSession({ id: 'current' });
    await expect(laptop.getMe()).rejects.toBeProblem(notSignedIn);
  });

  it('an ended session gets no new tokens', async () => {
    const world = await newWorld();
    const { logIn } = await registered(world);
    const tokens = await logIn();
    await using(world, tokens).endSession({ id: 'current' });
    await expect(refresh(world.anyone, tokens)).rejects.toBeProblem(notSignedIn);
  });

  it.each(['', 'nothing', randomUUID()])(`another user's session, or the session "%s", is not found`, async (id) => {
    const { ana, ben } = await newWorld();
    const bens = (await ben.api.listSessions()).items[0]!.id;
    await expect(ana.api.endSession({ id: id || bens })).rejects.toBeProblem(sessionNotFound);
    await ben.api.getMe();
  });

  it('a session that was not used for 30 days is gone', async () => {
    const world = await newWorld();
    const { username, logIn } = await registered(world);
    const tokens = await logIn();
    await world.server.db.query(
      `UPDATE sessions SET expires_at = now() - interval '1 second'
       WHERE user_id = (SELECT id FROM users WHERE username = $1)`,
      [username],
    );
    await expect(refresh(world.anyone, tokens)).rejects.toBeProblem(notSignedIn);
    const me = using(world, await logIn());
    expect((await me.listSessions()).items).toHaveLength(1);
    const { rows } = await world.server.db.query('SELECT FROM sessions WHERE expires_at < now()');
    expect(rows).toEqual([]);
  });
});

describe('refreshing', () => {
  it('a refresh returns the next tokens, and the same again for a repeated refresh, any number of times', async () => {
    const world = await newWorld();
    const { logIn } = await registered(world);
    const first = await logIn();
    const second = await refresh(world.anyone, first);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    for (let i = 0; i < 3; i++) {
      expect((await refresh(world.anyone, first)).refreshToken).toBe(second.refreshToken);
    }
    const third = await refresh(world.anyone, second);
    await using(world, third).getMe();
    await using(world, first).getMe(); // an access token is valid until it expires
  });

  it('a refresh with an older token ends the session at once', async () => {
    const world = await newWorld();
    const { logIn } = await registered(world);
    const first = await logIn();
    const second = await refresh(world.anyone, first);
    const third = await refresh(world.anyone, second);
    const other = await logIn();
    await using(world, third).getMe();
    await expect(refresh(world.anyone, first)).rejects.toBeProblem(notSignedIn);
    await expect(using(world, third).getMe()).rejects.toBeProblem(notSignedIn);
    await expect(refresh(world.anyone, third)).rejects.toBeProblem(notSignedIn);
    await using(world, other).getMe();
  });

  it('a refresh with a forged token changes nothing', async () => {
    const world = await newWorld();
    const { logIn } = await registered(world);
    const tokens = await logIn();
    const [session = '', , mac = ''] = tokens.refreshToken.split('.');
    for (const forged of [
      '',
      'x',
      `${session}.2.${mac}`,
      `${session}.1.${mac.toLowerCase()}`,
      `${randomUUID()}.1.${mac}`,
    ]) {
      await expect(world.anyone.refreshSession({ refreshToken: forged })).rejects.toBeProblem(notSignedIn);
    }
    await refresh(world.anyone, tokens);
  });

  it('50 concurrent refreshes with one token are one step', async () => {
    const world = await newWorld();
    const { logIn } = await registered(world);
    const first = await logIn();
    const all = await Promise.all(Array.from({ length: 50 }, () => refresh(world.anyone, first)));
    expect(new Set(all.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    expect(all[0]!.refreshToken).toMatch(/\.2\./);
    await refresh(world.anyone, all[0]!);
  });
});
