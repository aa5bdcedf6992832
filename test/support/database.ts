import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of its own, with the whole schema and no rows. */
export async function newDatabase(): Promise<TestDatabase> {
  const template = templateUrl();
  const database = await create(template.pathname.slice(1));
  const name = new URL(database.url).pathname.slice(1);
  await administer(template, `ALTER DATABASE ${name} SET search_path = parley`); // for the tests' own statements
  return database;
}

/** A database of its own that nobody has made anything in. */
export const newEmptyDatabase = (): Promise<TestDatabase> => create('template1');

async function create(from: string): Promise<TestDatabase> {
  const url = templateUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(url, `CREATE DATABASE ${name} TEMPLATE ${from}`);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`) };
}

const templateUrl = (): URL => new URL(process.env.TEMPLATE_DATABASE_URL ?? '');

/** Runs a statement beside that database: the template must have no connections while others are made from it. */
async function administer(at: URL, sql: string): Promise<void> {
  const url = new URL(at);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
