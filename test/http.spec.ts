import { once } from 'node:events';
import type { Server } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { malformed, methodNotAllowed, noSuchRoute } from '../src/common/problems.js';
import { checkedFetch } from './support/checked-fetch.js';
import { raw, type RawAnswer, type RawOptions } from './support/raw.js';
import { server, startServer } from './support/server.js';

const ORIGIN = 'https://chat.example.com';

const ask = async (method: string, path: string, options?: RawOptions): Promise<RawAnswer> =>
  raw((await server({ corsOrigins: [ORIGIN] })).url + path, method, options);

it.each(['/v1/nothing', '/nothing', '/v1', '/', '/v1/messages/a/b/c'])('%s is no route', async (path) => {
  expect(await ask('GET', path)).toBeProblem(noSuchRoute);
  expect(await ask('POST', path, { body: {} })).toBeProblem(noSuchRoute);
});

it('another method than a route takes is refused, and the answer names those it takes', async () => {
  const answer = await ask('PATCH', '/v1/messages', { body: {} });
  expect(answer).toBeProblem(methodNotAllowed);
  expect(answer.headers.get('Allow')).toBe('HEAD, GET, POST, OPTIONS');
});

it('OPTIONS lists the methods of a route', async () => {
  const { url } = await server();
  const answer = await raw(`${url}/v1/users/me`, 'OPTIONS');
  expect(answer.status).toBe(204);
  expect(answer.headers.get('Allow')).toContain('GET');
});

it('HEAD answers as GET does, without a body', async () => {
  const answer = await ask('HEAD', '/health/live');
  expect(answer).toMatchObject({ status: 200, text: '' });
});

it('a path that is not percent-encoded text is malformed', async () => {
  expect(await ask('GET', '/v1/users/%E0%A4%A')).toBeProblem(malformed);
});

it('an answer carries the request id that came, where it is a sane one, else a new one', async () => {
  const idOf = async (sent: string): Promise<string | null> =>
    (await ask('GET', '/v1/users/me', { headers: { 'X-Request-Id': sent } })).headers.get('X-Request-Id');
  expect(await idOf('trace-1.a:b')).toBe('trace-1.a:b');
  expect(await idOf('with space')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
});

it('pages of the allowed origins may call, and read what the answers carry', async () => {
  const preflight = await ask('OPTIONS', '/v1/messages', {
    headers: {
      Origin: ORIGIN,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
  expect(preflight.headers.get('Access-Control-Allow-Headers')).toBe('authorization,content-type');
  const answer = await ask('GET', '/v1/users/me', { headers: { Origin: ORIGIN } });
  expect(answer.headers.get('Access-Control-Expose-Headers')).toContain('X-Request-Id');
  const foreign = await ask('GET', '/v1/users/me', { headers: { Origin: 'https://elsewhere.example' } });
  expect(foreign.headers.get('Access-Control-Allow-Origin')).not.toBe('https://elsewhere.example');
});

it('an idle connection is kept longer than proxies keep it', async () => {
  const { url } = await server();
  const connection = net.connect(Number(new URL(url).port), '127.0.0.1');
  connection.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  const [said] = (await once(connection, 'data')) as [Buffer];
  connection.destroy();
  expect(String(said)).toContain('\r\nKeep-Alive: timeout=65\r\n');
});

it('a server that stops answers what comes on a connection that it still serves, and then lets go of it', async () => {
  const { url, app, stop } = await startServer();
  const connection = net.connect(Number(new URL(url).port), '127.0.0.1');
  let said = '';
  connection.on('data', (data) => (said += String(data)));
  const ended = once(connection, 'end');
  connection.write('POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n');
  connection.write('Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{');
  while (!said.includes('100 Continue')) await once(connection, 'data');
  const stopped = stop();
  while ((app.getHttpServer() as Server).listening) await sleep(5);
  connection.write('}GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n');
  await Promise.all([ended, stopped]);
  expect(said.match(/HTTP\/1\.1 [\w ]+/g)).toEqual([
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 422 Unprocessable Entity',
    'HTTP/1.1 200 OK',
  ]);
});

it('the document and Swagger UI are served', async () => {
  const { url } = await server({ corsOrigins: [ORIGIN] });
  const document = await (await checkedFetch(new Request(`${url}/openapi.json`))).json();
  expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Parley' } });
  const page = await checkedFetch(new Request(`${url}/docs`));
  expect(await page.text()).toContain('swagger-ui');
  const script = await checkedFetch(new Request(`${url}/docs/swagger-ui-bundle.js`));
  expect(script.status).toBe(200);
});
