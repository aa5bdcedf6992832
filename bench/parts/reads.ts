import { HttpConnection, request } from '../client/http.js';
import type { Database } from '../lab/database.js';
import type { Lab } from '../lab/lab.js';
import { loadShortLogs, markRead } from '../lab/log.js';
import type { Program } from '../lab/program.js';
import { groupId, loadGroups, loadPairs, loadUsers, settle, Tokens, type Group, type Pair } from '../lab/world.js';
import type { Subject } from '../part.js';
import { HEAD, MESSAGE, pageSubject, type Page } from './pages.js';

/** How much there is of everything around one user. */
export interface Size {
  readonly conversations: number;
  readonly groups: number;
  readonly members: number;
}

export const SMALL: Size = { conversations: 100, groups: 100, members: 100 };
export const LARGE: Size = { conversations: 10_000, groups: 2000, members: 10_000 };
export const QUICK_LARGE: Size = { conversations: 1000, groups: 300, members: 1000 };

/** Messages in each conversation, and how many of them are not read. */
const EACH = 20;
const UNREAD = 4;
const LIMIT = 50;
/** One that the owner of the large group wrote: five members take turns, from the newest back. */
const OWN = EACH - 4;
/** Whoever walks further than this has waited long enough for the bench, too. */
const MAX_WALK = 100;

/** Who talks directly to everybody, who is in every small group, and who owns the large one: numbers of users. */
const TALKER = 1;
const JOINER = 2;
const SMALL_GROUP = 4;
const OWNER = JOINER + SMALL_GROUP;
const GROUP = 1;

async function load(database: Database, { conversations, groups, members }: Size): Promise<void> {
  const pairs = Array.from({ length: conversations }, (_, i): Pair => [TALKER, OWNER + 1 + i]);
  const small = Array.from({ length: groups }, (_, i): Group => [GROUP + 1 + i, JOINER, JOINER + SMALL_GROUP - 1]);
  await loadUsers(database, OWNER + Math.max(conversations, members));
  await loadPairs(database, pairs);
  await loadGroups(database, [[GROUP, OWNER, OWNER + members - 1], ...small]);
  await loadShortLogs(database, EACH);
  for (const user of [TALKER, JOINER]) await markRead(database, user, UNREAD);
  await settle(database);
}

/** Walks a list to its middle. @returns the parameter that goes on from there */
async function toMiddle(server: Program, path: string, token: string, length: number): Promise<string> {
  const connection = await HttpConnection.open(server.port);
  const ask = (more: string): Promise<string> =>
    new Promise((resolve) =>
      connection.ask(request('GET', `${path}?limit=200${more}`, token), (_status, body) => resolve(body)),
    );
  let more = '';
  for (let page = 0; page < Math.min(MAX_WALK, Math.floor(length / 2 / 200)); page++) {
    more = `&cursor=${(JSON.parse(await ask(more)) as { next: string }).next}`;
  }
  connection.close();
  return more;
}

const GROUP_PATH = `/v1/groups/${groupId(GROUP)}`;
const MEMBER = '"joinedAt":';
const SUMMARY = '"memberCount":';

/** Lists, and whether their middle is measured as well; each is asked for by one user. */
const LISTS = [
  { user: TALKER, path: '/v1/conversations', mark: HEAD, length: (size: Size) => size.conversations },
  { user: TALKER, path: '/v1/messages', mark: MESSAGE, length: (size: Size) => size.conversations * EACH },
  { user: JOINER, path: '/v1/conversations', mark: HEAD, length: (size: Size) => size.groups },
  { user: JOINER, path: '/v1/messages', mark: MESSAGE, length: (size: Size) => size.groups * EACH },
  { user: JOINER, path: '/v1/groups', mark: SUMMARY, length: (size: Size) => size.groups },
  { user: OWNER, path: `${GROUP_PATH}/members`, mark: MEMBER, length: (size: Size) => size.members },
] as const;

const WHO = {
  [TALKER]: 'who has many direct conversations',
  [JOINER]: 'who is in many groups',
  [OWNER]: 'who is in a large group',
} as const;

const nameOf = (path: string): string => path.replace(groupId(GROUP), '{id}');

/** Every page, its name without the size of its world. */
async function pagesOf(server: Program, tokens: Tokens, size: Size): Promise<Page[]> {
  const pages: Page[] = [];
  const add = (
    user: keyof typeof WHO,
    name: string,
    next: ReturnType<Page['next']>,
    items: number,
    mark: string,
  ): void => void pages.push({ name: `${name} of ${WHO[user]}`, does: '', user, next: () => next, items, mark });
  for (const { user, path, mark, length } of LISTS) {
    const more = await toMiddle(server, path, tokens.of(user), length(size));
    add(user, `GET ${nameOf(path)}`, { path }, LIMIT, mark);
    add(user, `GET ${nameOf(path)} (deep)`, { path: `${path}?limit=${LIMIT}${more}` }, LIMIT, mark);
  }
  for (const user of [TALKER, JOINER] as const) {
    add(user, 'GET /v1/messages?read=false', { path: '/v1/messages?read=false' }, LIMIT, MESSAGE);
    add(user, 'POST /v1/sync', { path: '/v1/sync', body: '{}' }, LIMIT, HEAD);
  }
  const receipts = `/v1/messages/${groupId(GROUP)}.${OWN}/receipts`;
  add(OWNER, 'GET /v1/messages/{id}/receipts', { path: receipts }, LIMIT, '"delivered":');
  return pages;
}

/** What is read around one user, in a world of this size. */
export async function readSubjects(lab: Lab, world: string, size: Size): Promise<Subject[]> {
  const database = await lab.database(`reads_${world}`);
  await load(database, size);
  const server = await lab.parley(database);
  const tokens = new Tokens(OWNER);
  await tokens.refresh();
  const pages = await pagesOf(server, tokens, size);
  return pages.map((page) => pageSubject(lab, server, tokens, { ...page, name: `${page.name}: ${world}` }));
}
