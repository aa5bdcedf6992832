import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import type { Schemas } from '../sdk/src/index.js';
import { LiveClient } from './support/live-client.js';
import type { Person } from './support/person.js';
import { APPLICATION_KEY, startServer } from './support/server.js';
import { newWorld, type World } from './support/world.js';
import { caughtUp } from './support/caught-up.js';

const PASSWORD = 'correct horse battery';

/** Another session of a user. */
const session = ({ app }: World, { id }: Person): Promise<Schemas['Tokens']> => app.createUserSession({ address: id });

const sessionIdOf = (accessToken: string): string => {
  const payload = Buffer.from(accessToken.split('.')[1]!, 'base64url').toString();
  return (JSON.parse(payload) as { sid: string }).sid;
};

/** A token of a session that is valid for this many seconds. */
async function shortToken(world: World, person: Person, seconds: number): Promise<string> {
  const { accessToken } = await session(world, person);
  return new SignJWT({ sid: sessionIdOf(accessToken) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(person.id)
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(Buffer.from(world.server.settings.jwtSecret));
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly code?: string;
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** An upgrade request, and its expected answer. */
function upgrade(url: string, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, {
      headers: { ...UPGRADE, ...headers },
    });
    sent.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers });
    });
    sent.once('response', (response) => {
      let text = '';
      response.on('data', (data) => (text += String(data)));
      response.once('end', () => {
        const { code } = JSON.parse(text) as { code: string };
        resolve({ status: response.statusCode, headers: response.headers, code });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

const PROTOCOL = { 'Sec-WebSocket-Protocol': 'parley.v1' };

describe('an upgrade', () => {
  it('an upgrade accepts a token in the header, an application that acts for a user, or a token as a subprotocol', async () => {
    const world = await newWorld();
    const { ana, ben } = world;
    const { accessToken } = await session(world, ana);
    const sockets = [await caughtUp(ana), await caughtUp(world.asApp.ana), await caughtUp(ana, { token: accessToken })];
    await ben.sendTo(ana, 'hello');
    for (const socket of sockets) expect(await socket.texts(1)).toEqual(['hello']);
  });

  it('an upgrade never selects the subprotocol with the token', async () => {
    const world = await newWorld();
    const { accessToken } = await session(world, world.ana);
    for (const order of [`parley.v1, bearer.${accessToken}`, `bearer.${accessToken},parley.v1`]) {
      const { status, headers } = await upgrade(world.server.url, '/v1/live', { 'Sec-WebSocket-Protocol': order });
      expect([status, headers['sec-websocket-protocol']]).toEqual([101, 'parley.v1']);
    }
  });

  it('an upgrade without valid credentials, headers or path is refused like any request', async () => {
    const { ana, server } = await newWorld();
    const asApp = { 'X-Api-Key': APPLICATION_KEY };
    const cases: [Record<string, string>, number, string][] = [
      [{ ...PROTOCOL }, 401, 'not-signed-in'],
      [{ ...PROTOCOL, Authorization: 'Bearer nonsense' }, 401, 'not-signed-in'],
      [{ ...PROTOCOL, 'X-Api-Key': 'nobody’s'.replace('’', '') }, 401, 'not-signed-in'],
      [{ ...PROTOCOL, ...asApp }, 400, 'on-behalf-of-required'],
      [{ ...PROTOCOL, ...asApp, 'On-Behalf-Of': '@nobody.at.all' }, 403, 'acting-user-not-found'],
      [{ ...PROTOCOL, ...asApp, ...ana.headers }, 400, 'ambiguous-credentials'],
      [{ ...ana.headers }, 400, 'malformed'],
      [{ ...ana.headers, 'Sec-WebSocket-Protocol': 'parley.v2' }, 400, 'malformed'],
    ];
    for (const [headers, status, code] of cases) {
      const answer = await upgrade(server.url, '/v1/live', headers);
      expect(answer).toMatchObject({ status, code });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.headers['x-request-id']).toBeTruthy();
      expect('www-authenticate' in answer.headers).toBe(status === 401);
    }
    for (const path of ['/', '/v1', '/v1/lively', '/v1/users/me', '/live']) {
      const answer = await upgrade(server.url, path, { ...PROTOCOL, ...ana.headers });
      expect(answer).toMatchObject({ status: 404, code: 'no-such-route' });
    }
    expect(await upgrade(server.url, '/v1/live?token=x', { ...PROTOCOL })).toMatchObject({ status: 401 });
  });

  it('an upgrade with an invalid bearer subprotocol is accepted and closed with 4401', async () => {
    const world = await newWorld();
    for (const token of ['nonsense', '', await shortToken(world, world.ana, -1)]) {
      const socket = await LiveClient.open(world.server.url, { token });
      expect((await socket.closed()).code).toBe(4401);
    }
  });

  it('an upgrade with an invalid token cannot harm the server, whatever comes after it', async () => {
    const { server, ana } = await newWorld();
    const sent = request(`${server.url}/v1/live`, {
      headers: { ...UPGRADE, 'Sec-WebSocket-Protocol': 'parley.v1, bearer.nonsense' },
    });
    sent.end();
    const [, socket] = (await once(sent, 'upgrade')) as [unknown, Socket];
    socket.resume().write(Buffer.from([0xff, 0, 0, 0])); // no frame: reserved bits, unmasked
    await once(socket, 'close');
    await caughtUp(ana);
  });

  it('a refused upgrade leaves no connection, also if the client never ends its side', async () => {
    const { server } = await newWorld();
    const { port } = new URL(server.url);
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    const http = server.app.getHttpServer() as Server;
    const [ours] = (await once(http, 'connection')) as [Socket];
    const lines = Object.entries({ Host: 'parley', ...UPGRADE }).map(([name, value]) => `${name}: ${value}`);
    socket.resume().write(['GET /v1/live HTTP/1.1', ...lines, '', ''].join('\r\n'));
    await once(socket, 'end');
    if (!ours.destroyed) await once(ours, 'close');
    socket.destroy();
  });

  it('an upgrade to another protocol than WebSocket is refused', async () => {
    const { ana } = await newWorld();
    expect(await ana.raw('GET', '/v1/live')).toMatchObject({ status: 404 });
  });
});

describe('a socket is closed with 4401', () => {
  it('a socket is closed with 4401 when its session ends, and no other socket', async () => {
    const world = await newWorld();
    const { ana } = world;
    const [one, other] = [await session(world, ana), await session(world, ana)];
    const [first, second] = [
      await caughtUp(ana, { token: one.accessToken }),
      await caughtUp(ana, { token: other.accessToken }),
    ];
    await world.anyone.with({ accessToken: one.accessToken }).endSession({ id: 'current' });
    expect((await first.closed()).code).toBe(4401);
    await second.pong();
  });

  it('sockets of other sessions are closed with 4401 when the password changes', async () => {
    const world = await newWorld();
    const username = `rosa.${world.ana.username}`;
    await world.anyone.createUser({ username, password: PASSWORD });
    const [one, other] = [
      await world.anyone.createSession({ username, password: PASSWORD }),
      await world.anyone.createSession({ username, password: PASSWORD }),
    ];
    const connect = ({ accessToken }: Schemas['Tokens']): Promise<LiveClient> =>
      LiveClient.connect(world.server.url, { token: accessToken });
    const [mine, another] = [await connect(one), await connect(other)];
    await mine.next('ready');
    await another.next('ready');
    await world.anyone
      .with({ accessToken: one.accessToken })
      .changePassword({ currentPassword: PASSWORD, newPassword: 'another horse battery' });
    expect((await another.closed()).code).toBe(4401);
    await mine.pong();
  });

  it("a socket is closed with 4401 when its user is removed, also an application's", async () => {
    const world = await newWorld();
    const sockets = [await caughtUp(world.ana), await caughtUp(world.asApp.ana)];
    await world.app.removeUser({ address: world.ana.id });
    for (const socket of sockets) expect((await socket.closed()).code).toBe(4401);
  });

  it("a socket is closed with 4401 when its application's key is revoked", async () => {
    const world = await newWorld();
    const { id, key } = await world.app.createApiKey({ name: 'chat', scopes: ['act'] });
    const headers = { 'X-Api-Key': key, 'On-Behalf-Of': world.ana.id };
    const [socket, other] = [await caughtUp(world.ana, { headers }), await caughtUp(world.asApp.ana)];
    await world.app.revokeApiKey({ id });
    expect((await socket.closed()).code).toBe(4401);
    await other.pong();
  });

  it('a socket is closed with 4401 when its token expires, unless it got another one', async () => {
    const world = await newWorld();
    const { ana, ben } = world;
    const renewed = await caughtUp(ana, { token: await shortToken(world, ana, 3) });
    const refused = await caughtUp(ana, { token: await shortToken(world, ana, 3) });
    const left = await caughtUp(ana, { token: await shortToken(world, ana, 2) });

    const next = await session(world, ana);
    renewed.sendFrame({ type: 'auth', token: next.accessToken });
    refused.sendFrame({ type: 'auth', token: (await session(world, ben)).accessToken });
    expect((await refused.next('problem')).problem.code).toBe('forbidden');
    refused.sendFrame({ type: 'auth', token: 'nonsense' });
    expect((await refused.next('problem')).problem.code).toBe('not-signed-in');
    for (const socket of [left, refused]) expect((await socket.closed()).code).toBe(4401);
    await renewed.pong();

    await world.anyone.with({ accessToken: next.accessToken }).endSession({ id: 'current' });
    expect((await renewed.closed()).code).toBe(4401); // it belongs to the new token's session
  });
});

describe('a bad frame', () => {
  it('a bad frame is answered with a problem and closes nothing', async () => {
    const { ana, ben } = await newWorld();
    const socket = await caughtUp(ana);
    const cases: [string | Buffer | object, string][] = [
      ['{', 'malformed'],
      ['[]', 'malformed'],
      ['null', 'malformed'],
      ['"ping"', 'malformed'],
      [Buffer.from('{"type":"ping"}'), 'malformed'],
      [{ type: 'constructor' }, 'malformed'],
      [{ type: 'ping', extra: 1 }, 'invalid'],
      ['{"type":"ping","__proto__":{"a":1}}', 'invalid'],
      [`{"type":"ping","deep":${'['.repeat(1_000)}${']'.repeat(1_000)}}`, 'malformed'],
      [{ type: 'read' }, 'invalid'],
      [{ type: 'typing', conversationId: 'rowing' }, 'invalid'],
    ];
    for (const [frame, code] of cases) {
      await socket.pong(); // without it there would be ten in a row
      socket.sendBad(frame);
      expect((await socket.next('problem')).problem.code).toBe(code);
    }
    socket.sendBad({ type: 'send', ref: 'x', recipient: ben.id });
    expect(await socket.next('reply')).toMatchObject({ ref: 'x', status: 422, problem: { code: 'invalid' } });
    expect(await socket.send(ben, 'hello')).toMatchObject({ status: 201 });
  });

  it('the tenth bad frame in a row closes the socket with 1008', async () => {
    const { ana } = await newWorld();
    const socket = await caughtUp(ana);
    for (let i = 0; i < 9; i++) socket.sendBad('{');
    await socket.pong();
    for (let i = 0; i < 10; i++) socket.sendBad('{');
    expect((await socket.closed()).code).toBe(1008);
    expect(socket.rest('problem')).toHaveLength(19);
  });

  it('a frame before resume and a second resume are bad frames; ping and auth may come before', async () => {
    const world = await newWorld();
    const { ana, ben } = world;
    const { accessToken } = await session(world, ana);
    const { conversationId } = await ben.sendTo(ana, 'hello');
    const socket = await ana.connect({ token: accessToken, resume: false });
    await socket.pong();
    socket.sendFrame({ type: 'auth', token: accessToken });
    socket.sendFrame({ type: 'typing', conversationId });
    expect((await socket.next('problem')).problem.code).toBe('invalid');
    expect(await socket.send(ben, 'too early')).toMatchObject({ status: 422 });
    await ben.sendTo(ana, 'nobody follows yet');
    await socket.pong();
    expect(socket.rest('message')).toEqual([]);
    socket.sendFrame({ type: 'resume' });
    expect(await socket.texts(2)).toEqual(['hello', 'nobody follows yet']);
    socket.sendFrame({ type: 'resume' });
    expect((await socket.next('problem')).problem.code).toBe('invalid');
    await socket.pong();
  });
});

describe('a frame that is too large', () => {
  const filled = (frame: object, bytes: number): string => {
    const text = JSON.stringify({ ...frame, filling: '' });
    return text.replace('"filling":""', `"filling":"${'x'.repeat(bytes - text.length)}"`);
  };

  it('a frame over 4 KiB closes the socket with 1009', async () => {
    const { ana } = await newWorld();
    const socket = await caughtUp(ana);
    socket.sendBad(filled({ type: 'ping' }, 4096));
    expect((await socket.next('problem')).problem.code).toBe('invalid');
    socket.sendBad(filled({ type: 'ping' }, 4097));
    expect((await socket.closed()).code).toBe(1009);
    const early = await ana.connect({ resume: false });
    early.sendBad(filled({ type: 'ping' }, 4097));
    expect((await early.closed()).code).toBe(1009);
  });

  it('a resume over 1 MiB closes the socket with 1009', async () => {
    const { ana } = await newWorld();
    const id = (n: number): string => `0193f0e8-0000-7000-8000-${String(n).padStart(12, '0')}`;
    const positions = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [id(i), { seq: 1, joinedSeq: 0 }]));
    const socket = await ana.connect({ positions });
    await socket.next('ready');
    expect(socket.rest('conversation')).toHaveLength(5_000);
    const early = await ana.connect({ resume: false });
    early.sendBad(filled({ type: 'resume' }, 1024 * 1024 + 1));
    expect((await early.closed()).code).toBe(1009);
  });
});

it('a server that stops closes its sockets with 1001 and accepts no more', async () => {
  const server = await startServer();
  const { ana } = await newWorld({ on: server });
  const socket = await caughtUp(ana);
  const stopping = server.stop();
  expect((await socket.closed()).code).toBe(1001);
  await expect(ana.connect()).rejects.toThrow();
  await stopping;
});

it('a socket that ends while its backlog is read leaves nothing behind', async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'hello');
  for (let i = 0; i < 20; i++) {
    const socket = await ben.connect();
    if (i % 2) await sleep(i / 4);
    socket.terminate();
  }
  const socket = await caughtUp(ben);
  expect(await socket.texts(1)).toEqual(['hello']);
});
