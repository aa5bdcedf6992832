import { expect, it } from '@jest/globals';
import type { RawAnswer } from './support/raw.js';
import type { Person } from './support/person.js';
import { newWorld } from './support/world.js';

const INBOX = '/v1/messages?read=false';

/** What two answers of the same kind may not share. */
function comparable({ status, text, headers }: RawAnswer): object {
  const names = [...headers.keys()].filter((name) => !['date', 'x-request-id'].includes(name)).toSorted();
  return { status, text, headers: names.map((name) => [name, headers.get(name)]) };
}

const poll = (person: Person, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  person.raw('GET', INBOX, { headers });

it('the first empty poll is answered by the route, the next without it, and they are alike', async () => {
  const { ana } = await newWorld();
  const first = comparable(await poll(ana));
  const second = await poll(ana, { 'X-Request-Id': 'mine' });
  expect(comparable(second)).toEqual(first);
  expect(second.headers.get('x-request-id')).toBe('mine');
  const known = { 'If-None-Match': second.headers.get('etag')! };
  const third = await poll(ana, known);
  expect(third).toMatchObject({ status: 304, text: '' });
});

it('what comes after an empty poll is in the next one', async () => {
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
