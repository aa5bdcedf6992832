import { jumping } from '../client/sends.js';
import { CursorKind, isId, isMoment, isSeq } from '../../src/common/cursor.js';
import type { Lab } from '../lab/lab.js';
import { loadLongLog, markRead } from '../lab/log.js';
import { conversationOf, loadPairs, loadUsers, settle, Tokens } from '../lab/world.js';
import type { Bench, Comparison, Part, Run, Subject } from '../part.js';
import { percentile, spread } from '../statistics.js';
import { HEAD, MESSAGE, pageSubject, type Page } from './pages.js';
import { LARGE, QUICK_LARGE, readSubjects, SMALL } from './reads.js';

const SIZES = [10_000, 1_000_000, 10_000_000];
const QUICK_SIZES = [10_000, 100_000, 300_000];
const LIMIT = 50;
/** The first user has read all but these, the second nothing. */
const UNREAD = 30;
const [FIRST, SECOND] = [1, 2];
const CONVERSATION = conversationOf([FIRST, SECOND]);

/** Cursors of the merged list: no client makes its own, but walking to the middle of 10,000,000 would take an hour. */
const listCursor = new CursorKind('m1', isMoment, isId, isSeq);

interface PlaceRow {
  /** A bigint. */
  readonly seq: string;
  readonly sentAt: Date;
}

const sized = (size: number): string => size.toLocaleString('en');

/** The pages of one log, by their name without its size; the first two have the goals. */
function pagesOf(size: number, places: readonly PlaceRow[]): Omit<Page, 'mark'>[] {
  const nextPlace = jumping(places.length);
  const nextSeq = jumping(size - 2 * LIMIT);
  const cursor = (): string => {
    const { seq, sentAt } = places[nextPlace()]!;
    return listCursor.encode(sentAt.toISOString(), CONVERSATION, Number(seq));
  };
  const window = `/v1/conversations/${CONVERSATION}/messages`;
  const page = (name: string, user: number, path: () => string, items = LIMIT): Omit<Page, 'mark'> => ({
    name,
    does: '',
    user,
    next: () => ({ path: path() }),
    items,
  });
  return [
    page('conversation, newest', FIRST, () => window),
    page('read=false, some unread', FIRST, () => '/v1/messages?read=false', UNREAD / 2),
    page('conversation, back from anywhere', FIRST, () => `${window}?beforeSeq=${nextSeq() + LIMIT + 1}`),
    page('conversation, on from anywhere', FIRST, () => `${window}?afterSeq=${nextSeq()}`),
    page('everything, newest', FIRST, () => '/v1/messages'),
    page('everything, oldest', FIRST, () => '/v1/messages?order=oldest'),
    page('everything, from anywhere', FIRST, () => `/v1/messages?cursor=${cursor()}`),
    page('read=false, all unread', SECOND, () => '/v1/messages?read=false'),
    page('read=false, from anywhere', SECOND, () => `/v1/messages?read=false&cursor=${cursor()}`),
    page('sender and recipient', FIRST, () => '/v1/messages?sender=@user2&recipient=@user1'),
  ];
}

async function subjectsOf(lab: Lab, size: number, tell: (step: string) => void): Promise<Subject[]> {
  const database = await lab.database(`list_${size}`);
  await loadUsers(database, 2);
  await loadPairs(database, [[FIRST, SECOND]]);
  const log = { conversationId: CONVERSATION, users: [FIRST, SECOND] as const, messages: size };
  await loadLongLog(database, log, (messages) => tell(`loaded ${sized(messages)} of ${sized(size)} messages`));
  await markRead(database, FIRST, UNREAD);
  await settle(database);
  const places = await database.rows<PlaceRow>(
    `SELECT seq, sent_at AS "sentAt" FROM messages
     WHERE seq IN (SELECT (n * ($1 - 400)::float / 1000 + 200)::bigint FROM generate_series(1, 1000) n)`,
    [size],
  );
  const server = await lab.parley(database);
  const tokens = new Tokens(2);
  const head: Page = {
    name: 'head with unread',
    does: '',
    user: SECOND,
    next: () => ({ path: '/v1/conversations' }),
    items: 1,
    mark: HEAD,
  };
  const synced: Page = {
    name: 'sync, 50 behind',
    does: '',
    user: FIRST,
    next: () => ({ path: '/v1/sync', body: `{"positions":{"${CONVERSATION}":{"seq":${size - LIMIT},"joinedSeq":0}}}` }),
    items: LIMIT + 1, // and lastMessage in the head
    mark: MESSAGE,
  };
  const pages = [...pagesOf(size, places).map((page) => ({ ...page, mark: MESSAGE })), head, synced];
  return pages.map((page) =>
    pageSubject(lab, server, tokens, { ...page, name: nameOf(page.name, size), does: DOES[page.name]! }),
  );
}

const nameOf = (page: string, size: number): string => `${page}: ${sized(size)}`;

const DOES: Readonly<Record<string, string>> = {
  'conversation, newest': 'GET /v1/conversations/{conversation}/messages',
  'read=false, some unread': `GET /v1/messages?read=false of who has all read but ${UNREAD}, half of them their own`,
  'conversation, back from anywhere': 'the same with beforeSeq, each time another',
  'conversation, on from anywhere': 'the same with afterSeq, each time another',
  'everything, newest': 'GET /v1/messages',
  'everything, oldest': 'GET /v1/messages?order=oldest',
  'everything, from anywhere': 'GET /v1/messages?cursor=, each time another',
  'read=false, all unread': 'GET /v1/messages?read=false of who has read nothing',
  'read=false, from anywhere': 'the same with a cursor, each time another',
  'sender and recipient': 'GET /v1/messages?sender=&recipient=',
  'head with unread': 'GET /v1/conversations of who has read nothing',
  'sync, 50 behind': 'POST /v1/sync by a client that lacks the last 50',
};
const PAGES = Object.keys(DOES);
const isPlain = (page: string): boolean => /^(conversation|everything)/.test(page);
/** No more lines in one picture than colours that can be told apart. */
const PLOTS = [
  { name: 'list', title: 'Time of a page as the conversation grows (p50)', shown: PAGES.filter(isPlain) },
  {
    name: 'list-filtered',
    title: 'The same with filters, of heads and of sync',
    shown: PAGES.filter((page) => !isPlain(page)),
  },
];
const WITH_GOALS = new Set(PAGES.slice(0, 2));

const worldText = ({ conversations, groups, members }: typeof LARGE): string =>
  `${sized(conversations)} direct conversations of one user, a user in ${sized(groups)} groups, a group of ${sized(members)}`;

const p50 = ({ latencies = [] }: Run): number => percentile(latencies, 0.5);

export const list: Part = {
  name: 'list',
  title: 'Pages of a conversation that grows',
  async prepare(lab, { quick }, tell): Promise<Bench> {
    const sizes = quick ? QUICK_SIZES : SIZES;
    const subjects: Subject[] = [];
    for (const size of sizes) subjects.push(...(await subjectsOf(lab, size, tell)));
    const [smallest, largest] = [sizes[0]!, sizes.at(-1)!];
    const growth = PAGES.map((page): Comparison => ({
      name: `${page}: p50 at ${sized(largest)} ÷ at ${sized(smallest)}`,
      of: nameOf(page, largest),
      to: nameOf(page, smallest),
      figure: p50,
      better: 'lower',
      ...(WITH_GOALS.has(page) && { goal: 2, beyond: 1.5 }),
    }));
    const large = quick ? QUICK_LARGE : LARGE;
    tell(
      `loading ${sized(large.conversations)} conversations, ${sized(large.groups)} groups, one of ${sized(large.members)}`,
    );
    const inLarge = await readSubjects(lab, 'large', large);
    const inSmall = await readSubjects(lab, 'small', SMALL);
    const around = inLarge.map(({ name }, i): Comparison => ({
      name: `${name} ÷ small (p50)`,
      of: name,
      to: inSmall[i]!.name,
      figure: p50,
      better: 'lower',
    }));
    const byPage = PAGES.flatMap((page) =>
      sizes.map((size) => subjects.find(({ name }) => name === nameOf(page, size))!),
    );
    return {
      unit: 'pages',
      subjects: [...byPage, ...inLarge.flatMap((subject, i) => [inSmall[i]!, subject])],
      comparisons: [...growth, ...around],
      notes: [
        `A database for each size, pages of ${LIMIT}, one request at a time, on Express.`,
        `Large: ${worldText(large)}. Small: ${worldText(SMALL)}.`,
      ],
      plots: (results) =>
        PLOTS.map(({ name, title, shown }) => ({
          name,
          title,
          x: { label: 'messages in the conversation', isLog: true },
          y: { label: 'ms' },
          lines: shown.map((page) => ({
            name: page,
            points: sizes.map((size) => [size, spread(results.get(nameOf(page, size))!.map(p50)).median] as const),
          })),
        })),
    };
  },
};
