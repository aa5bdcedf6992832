import { afterEach, expect, it, jest } from '@jest/globals';
import type { RawAnswer } from './support/raw.js';
import type { Person } from './support/person.js';
import { statements } from './support/statements.js';
import { newWorld } from './support/world.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const INBOX = '/v1/messages?read=false';

/** Two answers of the same kind differ in nothing but their date, their request id, and how they came about. */
function comparable({ status, text, headers }: RawAnswer): object {
  const names = [...headers.keys()]
    .filter((name) => !['date', 'x-request-id', 'server-timing'].includes(name))
    .toSorted();
  return { status, text, headers: names.map((name) => [name, headers.get(name)]) };
}

const poll = (person: Person, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  person.raw('GET', INBOX, { headers });

/** How an answer came about. */
const timing = ({ headers }: RawAnswer): string | null => headers.get('server-timing');

it('the second empty poll is answered from memory, as the first was by the database, and says so', async () => {
  const { ana, server } = await newWorld();
  const first = await poll(ana);
  expect(timing(first)).toMatch(/^db;dur=\d+\.\d$/);
  const asked = statements(server);
  const second = await poll(ana, { 'X-Request-Id': 'mine' });
  expect(asked).toEqual([]);
  expect(timing(second)).toBe('mem');
  expect(comparable(second)).toEqual(comparable(first));
  expect(second.headers.get('x-request-id')).toBe('mine');
  const known = { 'If-None-Match': second.headers.get('etag')! };
  const third = await poll(ana, known);
  expect(third).toMatchObject({ status: 304, text: '' });
  expect(timing(third)).toBe('mem');
});

it('an empty poll with another limit, which the route answers, is from memory too', async () => {
  const { ana, server } = await newWorld();
  await poll(ana);
  const asked = statements(server);
  const answer = await ana.raw('GET', `${INBOX}&limit=7`);
  expect([asked, timing(answer), answer.text]).toEqual([[], 'mem;desc="route"', '{"items":[]}']);
});

it('a message that comes after an empty poll is in the next poll', async () => {
  const { ana, ben } = await newWorld();
  await poll(ana);
  await poll(ana);
  await ben.sendTo(ana, 'here');
  expect(JSON.parse((await poll(ana)).text)).toMatchObject({ items: [{ text: 'here' }] });
});

it('a session that has ended gets no empty page, however often it polled', async () => {
  const { ana } = await newWorld();
  await poll(ana);
  expect((await poll(ana)).status).toBe(200);
  await ana.api.endSession({ id: 'current' });
  expect((await poll(ana)).status).toBe(401);
});

it('a token for a user and a key at once are refused also where the poll would be empty', async () => {
  const { ana } = await newWorld();
  await poll(ana);
  expect((await poll(ana, { 'X-Api-Key': 'the-bootstrap-key-of-the-tests' })).status).toBe(400);
  expect((await poll(ana, { 'On-Behalf-Of': ana.id })).status).toBe(403);
});
