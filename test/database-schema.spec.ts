import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import * as migrations from '../migrations/index.js';
import { usernameTaken } from '../src/common/problems.js';
import { StartupError } from '../src/common/startup-error.js';
import { dataSourceOptions } from '../src/database/data-source.js';
import { openDataSource } from '../src/database/open-data-source.js';
import { schema } from '../src/schema.js';
import { newEmptyDatabase, type TestDatabase } from './support/database.js';
import { Person } from './support/person.js';
import { Program } from './support/program.js';
import { startServer, type TestServer } from './support/server.js';
import { newWorld } from './support/world.js';

const POLL_MS = 20;
const JWT_SECRET = 'the secret of the tests, at least 32 characters';
const TABLES = schema.entities.length;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** An empty database, and somebody looking into it. */
async function emptyDatabase(): Promise<{ database: TestDatabase; db: pg.Client }> {
  const database = await newEmptyDatabase();
  const db = await connect(database.url);
  cleanUps.push(() => db.end().then(database.drop));
  return { database, db };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** As `emptyDatabase`, with what version 0.1.0 made: its one migration, in public. */
async function databaseOf010(): Promise<{ database: TestDatabase; db: pg.Client }> {
  const made = await emptyDatabase();
  const first = { ...schema, migrations: [migrations.Init1795000000000] };
  await openAndClose(made.database.url, 'public', first);
  return made;
}

async function openAndClose(url: string, databaseSchema = 'parley', tables = schema): Promise<void> {
  await (await openDataSource(dataSourceOptions(url, tables, { databaseSchema }))).destroy();
}

/** The tables and views of a schema, each with the file that holds its rows. */
async function relations(db: pg.Client, name: string): Promise<Record<string, string>> {
  const { rows } = await db.query<{ relation: string; what: string }>(
    `SELECT relname AS relation, format('%s %s', relkind, relfilenode) AS what
     FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'v') ORDER BY relname`,
    [name],
  );
  return Object.fromEntries(rows.map(({ relation, what }) => [relation, what]));
}

/** Everything in a database that somebody has made, and how many rows each table holds. */
async function contents(db: pg.Client): Promise<unknown> {
  const { rows } = await db.query<{ what: string }>(
    `SELECT format('%s %s', n.nspname, string_agg(format('%s %s %s', c.relkind, c.oid, c.relname), ', ' ORDER BY c.oid)) AS what
     FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' GROUP BY n.nspname ORDER BY n.nspname`,
  );
  const { rows: tables } = await db.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1`,
  );
  const counts: string[] = [];
  for (const { name } of tables) counts.push(`${name} ${(await db.query(`SELECT FROM ${name}`)).rowCount}`);
  return [rows.map(({ what }) => what), counts];
}

const elsewhere = (person: Person, { url }: TestServer): Person =>
  new Person(person, person.api.with({ baseUrl: url }), url);

describe('the schema that the tables are in', () => {
  it.each([
    ['parley, if nothing is said', {}, 'parley'],
    ['the one of DATABASE_SCHEMA', { databaseSchema: 'chat_1' }, 'chat_1'],
    ['public, if that is said', { databaseSchema: 'public' }, 'public'],
  ])('is %s', async (_which, settings, name) => {
    const { database, db } = await emptyDatabase();
    await db.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET search_path = nowhere`);
    const running = await startServer({ databaseUrl: database.url, ...settings });
    cleanUps.push(running.stop);
    const { ana, ben, app } = await newWorld({ on: running });
    await ana.sendTo(ben, 'Hello');
    expect(await ben.texts()).toEqual(['Hello']);
    expect((await app.listUsers({})).items).toHaveLength(5);
    expect(Object.keys(await relations(db, name))).toHaveLength(TABLES + 1); // and the migrations'
    expect(Object.keys(await relations(db, name === 'public' ? 'parley' : 'public'))).toEqual([]);
  });

  it('is made by an owner for a role that may not make schemas', async () => {
    const { database, db } = await emptyDatabase();
    const { url, role } = await roleOf(db, database);
    await db.query(`CREATE SCHEMA parley AUTHORIZATION ${role}`);
    await openAndClose(url);
    expect(Object.keys(await relations(db, 'parley'))).toHaveLength(TABLES + 1);
  });

  it.each([
    ['there is none', ''],
    ['there is one in which it may not make tables', 'CREATE SCHEMA parley'],
  ])('is asked for in one sentence if the role may not make it, and %s', async (_what, sql) => {
    const { database, db } = await emptyDatabase();
    const { url, role } = await roleOf(db, database);
    await db.query(sql);
    const before = await contents(db);
    await expect(openAndClose(url)).rejects.toThrow(
      new RegExp(`^the role ${role} may not make .*ALTER SCHEMA parley OWNER TO ${role}$`),
    );
    expect(await contents(db)).toEqual(before);
  });

  it('is taken again after a start that was killed between making it and its first table', async () => {
    const { database, db } = await emptyDatabase();
    await db.query('CREATE SCHEMA parley; CREATE TABLE parley.migrations (id serial, timestamp bigint, name varchar)');
    await openAndClose(database.url);
    expect(Object.keys(await relations(db, 'parley'))).toHaveLength(TABLES + 1);
  });
});

/** A role that may connect, and no more. */
async function roleOf(db: pg.Client, database: TestDatabase): Promise<{ url: string; role: string }> {
  const role = `role_${randomBytes(6).toString('hex')}`;
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  cleanUps.push(() => db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'secret'];
  return { url: url.href, role };
}

it('a migration that fails keeps the server from starting, and leaves no connection', async () => {
  const { database, db } = await emptyDatabase();
  class Broken1795000000001 {
    name = 'Broken1795000000001';
    up(): Promise<void> {
      return Promise.reject(new Error('a broken migration'));
    }
    async down(): Promise<void> {}
  }
  const broken = { ...schema, migrations: [...schema.migrations, Broken1795000000001] };
  await expect(openAndClose(database.url, 'parley', broken)).rejects.toThrow('a broken migration');
  expect(await othersIn(db)).toBe(0);
});

/** How many connections there are beside one's own. */
async function othersIn(db: pg.Client): Promise<number | null> {
  const { rowCount } = await db.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  return rowCount;
}

describe('a database of version 0.1.0', () => {
  it('is moved out of public without copying, and a copy of that version goes on serving', async () => {
    const { database, db } = await databaseOf010();
    const old = await startServer({ databaseUrl: database.url, databaseSchema: 'public' });
    cleanUps.push(old.stop);
    const { ana, ben, cleo, app } = await newWorld({ on: old });
    const group = await ana.createGroup('Climbing', ben, cleo);
    await ana.sendTo(ben, 'before');
    await app.putUser({ address: 'ext:42', username: 'dora' });
    const before = await relations(db, 'public');
    expect(Object.keys(before)).toHaveLength(TABLES + 1);

    const young = await startServer({ databaseUrl: database.url });
    cleanUps.push(young.stop);
    expect(await relations(db, 'parley')).toEqual(before);
    expect(Object.values(await relations(db, 'public'))).toEqual(Object.keys(before).map(() => 'v 0'));

    const [anaThere, benThere] = [elsewhere(ana, young), elsewhere(ben, young)];
    const clientMessageId = randomUUID();
    await ana.sendTo(ben, 'by the old one', clientMessageId);
    await anaThere.sendTo(ben, 'by the old one', clientMessageId); // a repeat
    await anaThere.sendTo(ben, 'by the new one');
    await Promise.all([ana, anaThere].flatMap((one) => [one.sendTo(group, 'at once'), one.sendTo(group, 'at once')]));
    const texts = ['before', 'by the old one', 'by the new one', ...Array<string>(4).fill('at once')];
    expect(await ben.texts()).toEqual(texts);
    expect(await benThere.texts()).toEqual(texts);

    expect((await app.putUser({ address: 'ext:42', displayName: 'Dora' })).displayName).toBe('Dora');
    await expect(app.createUser({ username: 'dora' })).rejects.toBeProblem(usernameTaken);
    await app.createUser({ username: 'emil', displayName: 'Emil' });
    await ben.block(cleo);
    expect((await benThere.api.listBlocks()).items).toHaveLength(1);
    await app.removeUser({ address: cleo.id });
    expect((await ben.api.sync({})).conversations).toHaveLength(2);
    expect(await benThere.texts()).toEqual(texts);
  });

  it('is moved once, by one of several processes that start', async () => {
    const { database, db } = await databaseOf010();
    const before = await relations(db, 'public');
    await Promise.all(Array.from({ length: 4 }, () => openAndClose(database.url)));
    await openAndClose(database.url);
    expect(await relations(db, 'parley')).toEqual(before);
  });

  it('stays in public with DATABASE_SCHEMA=public', async () => {
    const { database, db } = await databaseOf010();
    const before = await contents(db);
    await openAndClose(database.url, 'public');
    expect(await contents(db)).toEqual(before);
  });

  it('is moved once a transaction that uses a table has ended; others wait for the move a second at most', async () => {
    const { database, db } = await databaseOf010();
    await db.query('BEGIN; SELECT FROM public.users');
    const moved = openAndClose(database.url);
    const observer = await connect(database.url);
    cleanUps.push(() => observer.end());
    const waiting = `SELECT FROM pg_locks WHERE relation = 'public.users'::regclass AND NOT granted`;
    const isWaiting = async (): Promise<boolean> => (await observer.query(waiting)).rowCount === 1;
    while (!(await isWaiting())) await sleep(POLL_MS);
    while (await isWaiting()) await sleep(POLL_MS);
    await db.query('COMMIT');
    await moved;
    expect(Object.keys(await relations(observer, 'parley'))).toHaveLength(TABLES + 1);
  });

  it('that was moved is not served from public, where only views are left', async () => {
    const { database } = await databaseOf010();
    await openAndClose(database.url);
    await expect(openAndClose(database.url, 'public')).rejects.toThrow(/^the schema public .* holds what/);
  });

  it.each([
    ['a transaction holds a table and does not end', 'BEGIN; SELECT FROM public.users', /held by a transaction/],
    [
      'somebody keeps migrations in the same table',
      `INSERT INTO public.migrations (timestamp, name) VALUES (1, 'Shop1')`,
      /^the tables .* in public cannot be moved: Shop1 has run there, too; set DATABASE_SCHEMA=public /,
    ],
    ['a table is missing', 'DROP TABLE public.blocks', /cannot be moved: blocks is missing there/],
  ])('stays as it is if %s', async (_what, sql, told) => {
    const { database, db } = await databaseOf010();
    await db.query(sql);
    const before = await contents(db);
    const error: unknown = await openAndClose(database.url).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toMatch(told);
    await db.query('COMMIT');
    expect(await contents(db)).toEqual(before);
  });
});

describe('a database of somebody else', () => {
  const THEIRS = "CREATE TABLE users (email text); INSERT INTO users VALUES ('a@example.com')";
  const MIGRATIONS = `CREATE TABLE migrations (id serial, timestamp bigint, name text); INSERT INTO migrations VALUES (1, 1, 'Shop1')`;

  it.each([
    ['users', 'public', THEIRS],
    ['users', 'parley', `CREATE SCHEMA parley; SET search_path = parley; ${THEIRS}`],
    ['migrations, migrations_id_seq', 'public', MIGRATIONS],
    ['migrations', 'public', 'CREATE TABLE migrations (done boolean); INSERT INTO migrations VALUES (true)'],
    ['orders', 'public', 'CREATE VIEW orders AS SELECT 1 AS id'],
  ])('is left as it was if %s is in %s, and the start says so', async (names, databaseSchema, sql) => {
    const { database, db } = await emptyDatabase();
    await db.query(sql);
    const before = await contents(db);
    const error: unknown = await openAndClose(database.url, databaseSchema).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toContain(`the schema ${databaseSchema} of the database `);
    expect((error as Error).message).toContain(`holds what Parley did not make (${names})`);
    expect(await contents(db)).toEqual(before);
    expect(await othersIn(db)).toBe(0);
  });

  it('is shared also if the role may not read their table of migrations', async () => {
    const { database, db } = await emptyDatabase();
    await db.query(MIGRATIONS);
    const { url, role } = await roleOf(db, database);
    await db.query(`CREATE SCHEMA parley AUTHORIZATION ${role}`);
    await openAndClose(url);
    expect(Object.keys(await relations(db, 'parley'))).toHaveLength(TABLES + 1);
  });

  it('is shared if the schema is free: what is theirs stays as it is beside it', async () => {
    const { database, db } = await emptyDatabase();
    await db.query(`${THEIRS}; ${MIGRATIONS}`);
    const before = await relations(db, 'public');
    await openAndClose(database.url);
    expect(await relations(db, 'public')).toEqual(before);
    expect(Object.keys(await relations(db, 'parley'))).toHaveLength(TABLES + 1);
  });

  it('keeps the program from starting, with one sentence and no stack', async () => {
    const { database, db } = await emptyDatabase();
    await db.query(`CREATE SCHEMA parley; CREATE TABLE parley.users (email text)`);
    const program = Program.start({ DATABASE_URL: database.url, JWT_SECRET });
    expect(await program.exit).toMatchObject({ code: 1 });
    expect(program.output).toMatch(
      /^Parley cannot start: the schema parley of the database \w+ holds what .* \(users\); set/m,
    );
    expect(program.output).not.toMatch(/\n +at /);
  });
});
