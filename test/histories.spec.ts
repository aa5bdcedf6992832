import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Schemas } from '../sdk/src/index.js';
import { anyStep, History } from './support/history.js';
import type { Person } from './support/person.js';
import { forAll, PROPERTY_TIMEOUT } from './support/property.js';
import type { Log, Truth } from './support/truth.js';

const anyHistory = fc.array(anyStep(fc.constantFrom(1, 1, 1, 3)), { minLength: 20, maxLength: 60, size: 'max' });

it(
  'over any history, numbers have no gaps from 1, times and markers never go back, and only its own call moves a marker',
  () =>
    forAll(anyHistory, 12, async (steps) => {
      const history = await History.begin();
      for (const step of steps) {
        await history.play(step);
        expect(await storedMarkers(history)).toEqual(trueMarkers(history.truth));
      }
      for (const log of history.truth.logs.values()) {
        const { rows } = await history.world.server.db.query(
          'SELECT seq::int, sent_at AS "sentAt" FROM messages WHERE conversation_id = $1 ORDER BY seq',
          [log.id],
        );
        const stored = rows as { seq: number; sentAt: Date }[];
        expect(stored.map(({ seq }) => seq)).toEqual(log.messages.map((_, i) => i + 1));
        const times = stored.map(({ sentAt }) => sentAt.toISOString());
        expect(times).toEqual(times.toSorted());
        expect(times).toEqual(log.messages.map(({ sentAt }) => sentAt));
      }
    }),
  PROPERTY_TIMEOUT,
);

it(
  'over any history, each member sees the log since they joined without hidden senders, and read and unread are by definition',
  () =>
    forAll(anyHistory, 12, async (steps) => {
      const history = await History.begin();
      for (const step of steps) await history.play(step);
      for (const person of history.people) await expectToSee(person, history.truth);
    }),
  PROPERTY_TIMEOUT,
);

/** Compares every view of messages with the truth. */
async function expectToSee(person: Person, truth: Truth): Promise<void> {
  const shown = (messages: Schemas['Message'][]): object[] => messages.map(({ id, read }) => ({ id, read }));
  expect(shown(await person.messages())).toEqual(truth.list(person.id, { order: 'oldest' }));
  expect(shown(await person.messages({ read: false }))).toEqual(
    truth.list(person.id, { order: 'oldest', read: false }),
  );
  const { items } = await person.api.listConversations({ limit: 200 });
  const logs = truth.logsOf(person.id);
  expect(items.map(({ id }) => id).toSorted()).toEqual(logs.map(({ id }) => id).toSorted());
  for (const head of items) expectHead(person.id, head, truth);
  for (const log of logs) {
    const texts = truth.visible(person.id, log).map(({ text }) => text);
    expect(await textsForth(person, log)).toEqual(texts);
    expect(await textsBack(person, log)).toEqual(texts.toReversed());
  }
}

function expectHead(userId: string, head: Schemas['Conversation'], truth: Truth): void {
  const log = truth.logs.get(head.id)!;
  const peer = truth.peer(userId, log);
  const last = truth.lastMessage(userId, log);
  const { kind, user, group, lastMessage, peerReadSeq, peerDeliveredSeq, ...numbers } = head;
  expect(numbers).toEqual({
    id: log.id,
    lastSeq: log.messages.length,
    ...log.members.get(userId),
    unread: truth.unread(userId, log),
  });
  expect(lastMessage?.seq).toBe(last?.seq);
  expect([peerReadSeq, peerDeliveredSeq]).toEqual([peer?.readSeq, peer?.deliveredSeq]);
  expect(kind).toBe(log.ends ? 'direct' : 'group');
  expect(user?.id).toBe(log.ends && (log.ends.find((id) => id !== userId) ?? userId));
  expect(group?.memberCount).toBe(log.ends ? undefined : log.members.size);
}

/** Reads from the beginning in small windows. */
async function textsForth(person: Person, { id }: Log): Promise<string[]> {
  const texts: string[] = [];
  for (let afterSeq = 0, more = true; more;) {
    const window = await person.api.listConversationMessages({ conversation: id, afterSeq, limit: 7 });
    texts.push(...window.items.map(({ text }) => text));
    ({ toSeq: afterSeq, more } = window);
  }
  return texts;
}

/** Reads back from the end in small windows. */
async function textsBack(person: Person, { id }: Log): Promise<string[]> {
  const texts: string[] = [];
  let window = await person.api.listConversationMessages({ conversation: id, limit: 7 });
  texts.push(...window.items.map(({ text }) => text));
  while (window.more) {
    const beforeSeq = window.afterSeq + 1;
    window = await person.api.listConversationMessages({ conversation: id, beforeSeq, limit: 7 });
    texts.push(...window.items.map(({ text }) => text));
  }
  return texts;
}

/** `<conversation> <user>` to the three markers. */
async function storedMarkers({ world, people }: History): Promise<Record<string, object>> {
  const { rows } = await world.server.db.query(
    `SELECT conversation_id || ' ' || user_id AS key, joined_seq::int AS "joinedSeq",
       delivered_seq::int AS "deliveredSeq", read_seq::int AS "readSeq"
     FROM members WHERE user_id = ANY ($1)`,
    [people.map(({ id }) => id)],
  );
  return Object.fromEntries((rows as { key: string }[]).map(({ key, ...place }) => [key, place]));
}

const trueMarkers = (truth: Truth): Record<string, object> =>
  Object.fromEntries(
    [...truth.logs.values()].flatMap(({ id, members }) =>
      [...members].map(([userId, place]) => [`${id} ${userId}`, place]),
    ),
  );
