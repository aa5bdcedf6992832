import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { poolOf } from '../../src/database/data-source.js';
import type { TestServer } from './server.js';

/** The names of a server's statements from now on, until mocks are restored. */
export function statements({ app }: TestServer): string[] {
  const names: string[] = [];
  const pool = poolOf(app.get(DataSource));
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  jest.spyOn(pool, 'query').mockImplementation(((...args: [{ name?: string }]) => {
    names.push(args[0].name ?? 'unnamed');
    return query(...args);
  }) as never);
  return names;
}
