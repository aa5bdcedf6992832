import { jest } from '@jest/globals';
import { poolOfServer } from './pool.js';
import type { TestServer } from './server.js';

/** What a server asks PostgreSQL from now on, by the statements' names, until mocks are restored. */
export function statements(server: TestServer): string[] {
  const names: string[] = [];
  const pool = poolOfServer(server);
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  jest.spyOn(pool, 'query').mockImplementation(((...args: [{ name?: string }]) => {
    names.push(args[0].name ?? 'unnamed');
    return query(...args);
  }) as never);
  return names;
}
