import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { openDataSource } from '../../src/database/open-data-source.js';
import { startEmbeddedPostgres } from '../../src/postgres/embedded-postgres.js';
import { schema } from '../../src/schema.js';
import { startOtherPostgres } from './other-postgres.js';

interface TestPostgres {
  /** A migrated database that nobody uses, to make others from. */
  readonly url: string;
  stop(): Promise<void>;
}

/** One PostgreSQL for the whole run: the embedded one, or of the programs in TEST_POSTGRES_BIN. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const { TEST_POSTGRES_BIN } = process.env;
  const started = await (TEST_POSTGRES_BIN ? startOtherPostgres(TEST_POSTGRES_BIN) : startEmbedded());
  const dataSource = await openDataSource(dataSourceOptions(started.url, schema));
  await dataSource.destroy();
  return started;
}

async function startEmbedded(): Promise<TestPostgres> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'parley-test-'));
  const postgres = await startEmbeddedPostgres({ directory, durable: false, maxConnections: 300 });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      for (const files of [directory, postgres.cluster]) rmSync(files, { recursive: true, force: true });
    },
  };
}
