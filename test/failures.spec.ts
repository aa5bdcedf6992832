import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { unavailable } from '../src/common/problems.js';
import { raw } from './support/raw.js';
import { startServer, type TestServer } from './support/server.js';
import { newWorld } from './support/world.js';

interface Logged {
  readonly level: string;
  readonly message: unknown;
  readonly stack?: unknown;
}

/** A server whose log lines are kept. Nest has one logger per process, so each test has its own. */
async function loggedServer(): Promise<{ server: TestServer; lines: Logged[] }> {
  const lines: Logged[] = [];
  const keep =
    (level: string) =>
    (message: unknown, stack?: unknown): void =>
      void lines.push({ level, message, stack });
  const logger: LoggerService = { log: keep('log'), warn: keep('warn'), error: keep('error'), fatal: keep('fatal') };
  return { server: await startServer({}, logger), lines };
}

describe('what nobody expected', () => {
  it('an unexpected error is a 500 without details for the caller, and logged in full under the same request id', async () => {
    const { server, lines } = await loggedServer();
    const { ana } = await newWorld({ on: server });
    await server.db.query('ALTER TABLE blocks RENAME TO blocks_away');
    const response = await fetch(`${server.url}/v1/blocks?limit=2`, { headers: ana.headers }); // checked fetch fails on any 500
    const body = (await response.json()) as Record<string, unknown>;
    expect(response.status).toBe(500);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'urn:parley:problem:internal',
      title: 'Something went wrong on the server.',
      status: 500,
      code: 'internal',
      detail: 'Something went wrong on the server.',
      requestId: response.headers.get('X-Request-Id'),
    });
    const error = lines.find(({ level }) => level === 'error');
    expect(error?.message).toContain(`GET /v1/blocks failed (request ${String(body.requestId)})`);
    expect(error?.stack).toContain('relation "blocks" does not exist');
  });
});

describe('a database that cannot answer now', () => {
  it('a database lock timeout is a 503 with Retry-After, and the same request succeeds after the lock', async () => {
    const { ana, ben, server } = await newWorld({ on: await startServer({}, false) });
    const { conversationId } = await ana.sendTo(ben, 'first');
    const blocker = await server.db.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT FROM conversations WHERE id = $1 FOR UPDATE', [conversationId]);
    const body = { recipient: ben.id, text: 'second' };
    const refused = await ana.raw('POST', '/v1/messages', { body });
    expect(refused).toBeProblem(unavailable);
    expect(refused.headers.get('Retry-After')).toBe('1');
    await blocker.query('ROLLBACK');
    blocker.release();
    expect((await ana.raw('POST', '/v1/messages', { body })).status).toBe(201);
    expect(await ben.unread()).toEqual(['first', 'second']);
  });

  it('a server reconnects to its database after its connections were cut', async () => {
    const { ana, ben, server } = await newWorld({ on: await startServer({}, false) });
    await ana.sendTo(ben, 'before');
    await server.db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    for (;;) {
      const answer = await ana.raw('POST', '/v1/messages', { body: { recipient: ben.id, text: 'after' } });
      if (answer.status === 201) break;
      expect(answer).toBeProblem(unavailable);
      await after(10);
    }
    expect(await ben.texts()).toContain('after');
  });
});

describe('the log', () => {
  it('the log has a line per request with caller, route and status, without the search text', async () => {
    const { server, lines } = await loggedServer();
    const { ana, asApp } = await newWorld({ on: server });
    lines.length = 0;
    await raw(`${server.url}/v1/users?search=secret`, 'GET', { headers: { ...ana.headers, 'X-Request-Id': 'one' } });
    await asApp.ana.raw('GET', '/v1/nothing', { headers: { 'X-Request-Id': 'two' } });
    await asApp.ana.raw('GET', '/v1/users/me', { headers: { 'X-Request-Id': 'three' } });
    const line = (requestId: string): unknown => lines.find(({ message }) => hasId(message, requestId))?.message;
    while (!line('three')) await after(5); // it is written once the answer has gone out
    expect(line('one')).toMatchObject({ method: 'GET', path: '/v1/users', status: 200, userId: ana.id });
    expect(line('two')).toMatchObject({ path: '/v1/nothing', status: 404 });
    expect(line('three')).toMatchObject({ status: 200, userId: ana.id, keyId: 'bootstrap' });
    expect(JSON.stringify(lines)).not.toContain('secret');
    expect(JSON.stringify(lines)).not.toContain(ana.headers.Authorization);
  });
});

const hasId = (message: unknown, requestId: string): boolean =>
  (message as { requestId?: string } | undefined)?.requestId === requestId;
