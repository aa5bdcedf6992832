import { expect, it, jest } from '@jest/globals';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DATA_SOURCE } from '../src/database/data-source.js';
import { EventBus } from '../src/events/event-bus.js';
import { startServer } from './support/server.js';

it('a server that stops closes the pool once, after the bus', async () => {
  const { app, stop, db, settings } = await startServer();
  const dataSource = app.get<DataSource>(getDataSourceToken(DATA_SOURCE));
  const closed: string[] = [];
  const bus = app.get(EventBus);
  const closeBus = bus.onApplicationShutdown.bind(bus);
  jest.spyOn(bus, 'onApplicationShutdown').mockImplementation(() => closeBus().then(() => void closed.push('bus')));
  const destroy = dataSource.destroy.bind(dataSource);
  jest.spyOn(dataSource, 'destroy').mockImplementation(() => destroy().then(() => void closed.push('pool')));
  await stop();
  expect(closed).toEqual(['bus', 'pool']);
  const database = new URL(settings.databaseUrl).pathname.slice(1);
  const { rows } = await db.query(
    `SELECT application_name FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'parley%'`,
    [database],
  );
  expect(rows).toEqual([]);
});
