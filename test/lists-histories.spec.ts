import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Input } from '../sdk/src/index.js';
import { directConversationId } from '../src/common/ids.js';
import { fill } from './support/fill.js';
import type { Person } from './support/person.js';
import { forAll, PROPERTY_TIMEOUT } from './support/property.js';
import { Truth, type ListQuery, type Log } from './support/truth.js';
import { newWorld, type World } from './support/world.js';

const PEOPLE = 5; // the first one lists
const person = fc.nat(PEOPLE - 1);
const share = fc.constantFrom(0, 0.3, 0.7, 1, 1);

/** Messages by sender, and how many milliseconds after the one before: often none, so that many times are equal. */
const anyMessages = fc.array(fc.record({ sender: person, later: fc.constantFrom(0, 0, 1, 2) }), {
  maxLength: 16,
  size: 'max',
});
const anyPlace = fc.record({ user: person, joined: fc.constantFrom(0, 0, 0.3, 0.9), delivered: share, read: share });
const anyLog = fc.record({ startsAt: fc.nat(20), messages: anyMessages });

const anyTruth = fc.record({
  /** Of the lister with each of the five, themselves included, and of two others. */
  direct: fc.array(anyLog, { minLength: PEOPLE + 1, maxLength: PEOPLE + 1 }),
  places: fc.array(fc.tuple(anyPlace, anyPlace), { minLength: PEOPLE + 1, maxLength: PEOPLE + 1 }),
  groups: fc.array(
    fc.record({
      log: anyLog,
      places: fc.uniqueArray(anyPlace, { maxLength: PEOPLE, size: 'max', selector: ({ user }) => user }),
    }),
    { minLength: 4, maxLength: 4 },
  ),
  blocks: fc.uniqueArray(
    fc.oneof(fc.tuple(fc.constant(0), person), fc.tuple(person, person)).filter(([a, b]) => a !== b),
    { maxLength: 5, size: 'max', selector: ([a, b]) => `${a} ${b}` },
  ),
});

const target = fc.nat(PEOPLE + 3); // from `PEOPLE` on: a group
const anyFilter: fc.Arbitrary<{ sender?: number; recipient?: number; conversation?: number }> = fc.oneof(
  fc.constant({}),
  fc.record({ sender: person }),
  fc.record({ recipient: target }),
  fc.record({ conversation: target }),
  fc.record({ sender: fc.constant(0) }),
  fc.record({ sender: fc.constant(0), conversation: target }),
  fc.record({ sender: person, recipient: target, conversation: target }, { requiredKeys: [] }),
);

const anyQuery = fc.record({
  filter: anyFilter,
  read: fc.constantFrom(undefined, true, false),
  order: fc.constantFrom('newest' as const, 'oldest' as const),
  limit: fc.constantFrom(1, 2, 3, 5, 8, 13, 50),
});

type Described = typeof anyTruth extends fc.Arbitrary<infer T> ? T : never;
type Query = typeof anyQuery extends fc.Arbitrary<infer T> ? T : never;

it(
  'over any history, the list of messages with any filters, order and page size equals its definition',
  async () => {
    const queries = fc.array(anyQuery, { minLength: 8, maxLength: 8 });
    await forAll(fc.tuple(anyTruth, queries), 28, async ([described, asked]) => {
      const world = await newWorld(); // new people: no process has cached anything of them, and none gets an event of these rows
      const people = [world.ana, world.ben, world.cleo, world.dan, world.stranger];
      const { truth, groupIds } = await store(world, people, described);
      for (const query of asked) await expectList(people, groupIds, truth, query);
    });
  },
  PROPERTY_TIMEOUT,
);

async function expectList(
  people: readonly Person[],
  groupIds: readonly string[],
  truth: Truth,
  { limit, order, read, filter: { sender, recipient, conversation } }: Query,
): Promise<void> {
  const me = people[0]!;
  const idOf = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : (people[at]?.id ?? groupIds[at - PEOPLE]!);
  const named = { sender: idOf(sender), recipient: idOf(recipient), conversation: idOf(conversation) };
  const inGroup = (at: number | undefined): boolean => {
    const log = at === undefined ? undefined : truth.logs.get(groupIds[at - PEOPLE] ?? '');
    return !log || log.members.has(me.id);
  };
  if (!inGroup(recipient) || !inGroup(conversation)) return; // refused: see lists.spec.ts
  const direct = conversation !== undefined && people[conversation];
  const conversationId = direct ? directConversationId(me.id, direct.id) : named.conversation;
  const wanted: ListQuery = { ...named, conversation: conversationId, read, order };
  const query: Input<'listMessages'> = { ...named, read, order, limit };
  const found = await me.messages(query);
  expect({ query, found: found.map(({ id, read: isRead }) => ({ id, read: isRead })) }).toEqual({
    query,
    found: truth.list(me.id, wanted),
  });
}

/** Stores the described rows. */
async function store(
  { server }: World,
  people: readonly Person[],
  { direct, places, groups, blocks }: Described,
): Promise<{ truth: Truth; groupIds: string[] }> {
  const truth = new Truth();
  const idOf = (i: number): string => people[i]!.id;
  const add = (log: Log, described: Described['direct'][number], senders: readonly number[]): void => {
    let at = Date.UTC(2026, 0, 1) + described.startsAt;
    for (const [i, { sender, later }] of described.messages.entries()) {
      at += later;
      const senderId = idOf(senders[sender % senders.length]!);
      log.messages.push({ seq: i + 1, senderId, text: `${i + 1}`, sentAt: new Date(at).toISOString() });
    }
    truth.logs.set(log.id, log);
  };
  const enter = ({ members, messages }: Log, user: number, place: Described['places'][number][number]): void => {
    const joinedSeq = Math.round(place.joined * messages.length);
    const deliveredSeq = joinedSeq + Math.round(place.delivered * (messages.length - joinedSeq));
    const readSeq = joinedSeq + Math.round(place.read * (deliveredSeq - joinedSeq));
    members.set(idOf(user), { joinedSeq, deliveredSeq, readSeq });
  };
  for (const [i, described] of direct.entries()) {
    const ends = i < PEOPLE ? [0, i] : [1, 2];
    const id = directConversationId(idOf(ends[0]!), idOf(ends[1]!));
    const log: Log = { id, ends: [idOf(ends[0]!), idOf(ends[1]!)], messages: [], members: new Map() };
    add(log, described, ends);
    for (const [j, end] of ends.entries()) enter(log, end, { ...places[i]![j as 0 | 1], joined: 0 });
  }
  const groupIds = groups.map(({ log: described, places: inGroup }) => {
    const log: Log = { id: randomUUID(), messages: [], members: new Map() };
    add(log, described, [0, 1, 2, 3, 4]);
    for (const place of inGroup) enter(log, place.user, place);
    return log.id;
  });
  for (const [blocker, blocked] of blocks) truth.blocks.add(`${idOf(blocker)} ${idOf(blocked)}`);
  await fill(server, truth);
  return { truth, groupIds };
}
