import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LeanExpress } from './express.js';

const adapter = new LeanExpress();
let server: Server;

beforeAll(async () => {
  adapter.initHttpServer();
  server = adapter.getHttpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

it('leaves requests and answers the prototypes they were born with, which are those of Express', async () => {
  const born = new Set<object>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    born.add(Object.getPrototypeOf(request)).add(Object.getPrototypeOf(response));
  });
  adapter.get('/prototypes', (request: IncomingMessage, response: ServerResponse & { json(body: object): void }) => {
    response.json({ kept: [request, response].map((one) => born.has(Object.getPrototypeOf(one))) });
  });

  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/prototypes`);

  expect(await answer.json()).toEqual({ kept: [true, true] });
  expect(born.size).toBe(2);
});
