import { Parley } from '../../sdk/src/index.js';
import type { Settings } from '../../src/config/settings.js';
import { checkedFetch } from './checked-fetch.js';
import { Person } from './person.js';
import { raw, type RawAnswer, type RawOptions } from './raw.js';
import { APPLICATION_KEY, server, type TestServer } from './server.js';

const NAMES = ['ana', 'ben', 'cleo', 'dan', 'stranger'] as const;
type Name = (typeof NAMES)[number];

/** How people call: with a token of their own, or through an application that acts for them. Suites of rules run once with each. */
export const CALLERS = ['user', 'application'] as const;
export type CallsAs = (typeof CALLERS)[number];

interface WorldOptions<Extra extends string> {
  /** Additional people. */
  readonly users?: readonly Extra[];
  readonly as?: CallsAs;
  /** A server with these settings instead of the file's own. */
  readonly settings?: Partial<Settings>;
  /** A running server. */
  readonly on?: TestServer;
}

interface Surroundings {
  /** An application with every scope that acts for no user. */
  readonly app: Parley;
  /** A caller without an account. */
  readonly anyone: Parley;
  readonly server: TestServer;
  /** A request without credentials that the SDK would not make. */
  readonly raw: (method: string, path: string, options?: RawOptions) => Promise<RawAnswer>;
  /** The row counts of tables, to check that nothing was stored. */
  readonly counts: () => Promise<Readonly<Record<string, number>>>;
  /** The ids of many users, made in the database: for large groups. */
  readonly crowd: (size: number) => Promise<string[]>;
}

export type People<Extra extends string = never> = Readonly<Record<Name | Extra, Person>>;
export type World<Extra extends string = never> = People<Extra> &
  Surroundings & {
    /** The same people, through an application that acts for them. */
    readonly asApp: People<Extra>;
  };

let worlds = 0;

/** New people on this file's server: `const { ana, ben } = await newWorld()`. */
export async function newWorld<Extra extends string = never>(options: WorldOptions<Extra> = {}): Promise<World<Extra>> {
  const running = options.on ?? (await server(options.settings));
  const number = ++worlds;
  const anyone = new Parley({ baseUrl: running.url, fetch: checkedFetch });
  const app = anyone.with({ apiKey: APPLICATION_KEY });
  const names = [...NAMES, ...(options.users ?? [])];
  const signedIn = await Promise.all(names.map((name) => signUp(running, app, name, number)));
  const actedFor = signedIn.map((person) => actingFor(running, app, person));
  const byName = (people: readonly Person[]): People<Extra> =>
    Object.fromEntries(names.map((name, i) => [name, people[i]!])) as People<Extra>;
  return {
    ...byName(options.as === 'application' ? actedFor : signedIn),
    ...surroundings(running, app, anyone),
    asApp: byName(actedFor),
  };
}

/** Without a password: hashing one takes longer than most tests. */
async function signUp({ url }: TestServer, app: Parley, name: string, number: number): Promise<Person> {
  const displayName = name[0]!.toUpperCase() + name.slice(1);
  const { id, username } = await app.createUser({ username: `${name}.${number}`, displayName });
  const { accessToken } = await app.createUserSession({ address: id });
  const identity = { id, username: username!, displayName, headers: { Authorization: `Bearer ${accessToken}` } };
  return new Person(identity, new Parley({ baseUrl: url, accessToken, fetch: checkedFetch }), url);
}

function actingFor({ url }: TestServer, app: Parley, person: Person): Person {
  const { id, username, displayName } = person;
  const headers = { 'X-Api-Key': APPLICATION_KEY, 'On-Behalf-Of': id };
  return new Person({ id, username, displayName, headers }, app.with({ onBehalfOf: id }), url);
}

function surroundings(running: TestServer, app: Parley, anyone: Parley): Surroundings {
  return {
    app,
    anyone,
    server: running,
    raw: (method, path, options) => raw(running.url + path, method, options),
    counts: () => countRows(running),
    crowd: (size) => makeCrowd(running, size),
  };
}

const TABLES = ['users', 'credentials', 'sessions', 'api_keys', 'blocks', 'conversations', 'members', 'messages'];

async function countRows({ db }: TestServer): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  const { rows } = await db.query<Record<string, number>>(`SELECT ${counts.join(', ')}`);
  return rows[0]!;
}

async function makeCrowd({ db }: TestServer, size: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO users (id, display_name) SELECT gen_random_uuid(), 'Crowd ' || n FROM generate_series(1, $1) n RETURNING id`,
    [size],
  );
  return rows.map(({ id }) => id);
}
