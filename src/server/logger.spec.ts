import type { LoggerService } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import type { LogLevel } from '../config/settings.js';
import { createLogger } from './logger.js';

function linesOf(level: LogLevel, write: (log: LoggerService) => void, isTTY = false): string[] {
  const lines: string[] = [];
  write(createLogger(level, { isTTY, write: (line) => lines.push(line) }));
  return lines;
}
const entriesOf = (level: LogLevel, write: (log: LoggerService) => void): unknown[] =>
  linesOf(level, write).map((line) => JSON.parse(line) as unknown);

it('an entry is a line of JSON with its level, time, context and text', () => {
  expect(entriesOf('info', (log) => log.log('flushed', 'Bus'))).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), context: 'Bus', msg: 'flushed' },
  ]);
});

it('an object becomes fields of the entry', () => {
  expect(entriesOf('info', (log) => log.log({ method: 'GET', status: 200 }, 'http'))).toEqual([
    expect.objectContaining({ context: 'http', method: 'GET', status: 200 }),
  ]);
});

it('an error keeps its stack, passed along or its own', () => {
  const error = new Error('broken');
  const withStack = expect.objectContaining({ level: 'error', msg: 'broken', context: 'Feeds', stack: error.stack });
  expect(entriesOf('info', (log) => log.error('broken', error.stack, 'Feeds'))).toEqual([withStack]);
  expect(entriesOf('info', (log) => log.error(error, undefined, 'Feeds'))).toEqual([withStack]);
  expect(entriesOf('info', (log) => log.error('broken', 'Feeds'))).toEqual([
    expect.not.objectContaining({ stack: expect.anything() }),
  ]);
});

it('what is below the level is left out, and what the framework says at the start is debug', () => {
  const chatter = (log: LoggerService): void => {
    log.log('Mapped {/v1/users, POST}', 'RouterExplorer');
    log.debug?.('details', 'Bus');
    log.warn('slow', 'Bus');
  };
  expect(linesOf('silent', chatter)).toHaveLength(0);
  expect(linesOf('info', chatter)).toHaveLength(1);
  expect(linesOf('debug', chatter)).toHaveLength(3);
});

it('a terminal gets text', () => {
  const [line] = linesOf('info', (log) => log.log({ method: 'GET', path: '/v1/users/me', status: 200 }, 'http'), true);
  expect(line).toMatch(/^\d\d:\d\d:\d\d info {2}http GET \/v1\/users\/me 200\n$/);
});
