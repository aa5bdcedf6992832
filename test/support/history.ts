import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { directConversationId } from '../../src/common/ids.js';
import type { ProblemKind } from '../../src/common/problem.js';
import {
  alreadyBlocked,
  groupNotFound,
  messageNotFound,
  notBlocked,
  recipientBlockedYou,
  recipientNotFound,
} from '../../src/common/problems.js';
import type { Person } from './person.js';
import { Truth, type Log } from './truth.js';
import { newWorld, type World } from './world.js';

const PEOPLE = 4;

/** One step of one person. People, groups and conversations by number; `at` is a share of a log. */
export type Step =
  | { readonly do: 'send'; readonly who: number; readonly to: number; readonly times: number }
  | { readonly do: 'add' | 'leave' | 'rejoin'; readonly who: number; readonly group: number }
  | { readonly do: 'block' | 'unblock'; readonly who: number; readonly whom: number }
  | { readonly do: 'read' | 'delivered'; readonly who: number; readonly of: number; readonly at: number };

// Some more often than others, so that steps meet in the same conversations.
const person = fc.constantFrom(0, 0, 1, 1, 1, 2, 3);
const group = fc.constantFrom(0, 0, 1);
const anyTarget = fc.oneof(
  person,
  group.map((number) => PEOPLE + number),
);

/** Any step; `times` says how many messages go at once. */
export const anyStep = (times: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), who: person, to: anyTarget, times }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('add' as const, 'leave' as const, 'rejoin' as const),
        who: person,
        group,
      }),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ do: fc.constantFrom('block' as const, 'unblock' as const), who: person, whom: person })
        .filter(({ who, whom }) => who !== whom),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('read' as const, 'delivered' as const),
        who: person,
        of: anyTarget,
        at: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
  );

/**
 * Four people and two groups. Each step runs through the API and in a `Truth`. If the rules refuse a step, the API must
 * refuse it with the right problem.
 */
export class History {
  readonly truth = new Truth();

  private constructor(
    readonly world: World,
    /** The first owns the groups and stays in them. */
    readonly people: readonly Person[],
    readonly groupIds: readonly string[],
  ) {
    for (const id of groupIds) this.truth.logs.set(id, { id, messages: [], members: new Map() });
    for (const log of this.truth.logs.values()) this.join(log, this.people[0]!);
  }

  static async begin(): Promise<History> {
    const world = await newWorld();
    const { ana, ben, cleo, dan } = world;
    const groups = [await ana.createGroup('First'), await ana.createGroup('Second')];
    return new History(
      world,
      [ana, ben, cleo, dan],
      groups.map(({ id }) => id),
    );
  }

  play(step: Step): Promise<void> {
    const who = this.people[step.who]!;
    switch (step.do) {
      case 'send':
        return this.send(who, step.to, step.times);
      case 'add':
      case 'leave':
      case 'rejoin':
        return this[step.do](who, this.truth.logs.get(this.groupIds[step.group]!)!);
      case 'block':
      case 'unblock':
        return this.block(who, this.people[step.whom]!, step.do);
      case 'read':
      case 'delivered':
        return this.mark(who, this.log(who, step.of), step.at, step.do);
    }
  }

  private async send(from: Person, to: number, times: number): Promise<void> {
    const recipient = this.people[to]?.id ?? this.groupIds[to - PEOPLE]!;
    const log = this.log(from, to);
    const refusal = this.sendRefusal(from.id, log, this.people[to]?.id);
    if (times === 1 && refusal) return refused(from.sendTo(recipient, 'refused'), refusal);
    const texts = Array.from({ length: times }, (_, i) => `${log.messages.length + i + 1} of ${from.displayName}`);
    const { results } = await from.api.sendMessages({ messages: texts.map((text) => ({ recipient, text })) });
    const codes = results.map(({ status, problem }) => problem?.code ?? status);
    expect(codes).toEqual(texts.map(() => refusal?.code ?? 201));
    if (refusal) return;
    this.truth.logs.set(log.id, log);
    for (const { message } of results) {
      expect(message).toMatchObject({ conversationId: log.id, seq: log.messages.length + 1, sender: { id: from.id } });
      const { seq, text, sentAt } = message!;
      log.messages.push({ seq, senderId: from.id, text, sentAt });
    }
  }

  private sendRefusal(fromId: string, log: Log, toId: string | undefined): ProblemKind | undefined {
    if (toId === undefined) return log.members.has(fromId) ? undefined : recipientNotFound;
    return this.truth.hasBlocked(toId, fromId) ? recipientBlockedYou : undefined;
  }

  private async add(who: Person, log: Log): Promise<void> {
    const owner = this.people[0]!;
    if (!log.members.has(who.id) && this.truth.hasBlocked(who.id, owner.id)) {
      return refused(owner.add(log, who), recipientBlockedYou);
    }
    await owner.add(log, who);
    if (!log.members.has(who.id)) this.join(log, who);
  }

  private async leave(who: Person, log: Log): Promise<void> {
    if (who === this.people[0]) return;
    if (!log.members.has(who.id)) return refused(who.leave(log), groupNotFound);
    await who.leave(log);
    log.members.delete(who.id);
  }

  /** Leaves and comes back without a message in between: another membership, perhaps with the same joinedSeq. */
  private async rejoin(who: Person, log: Log): Promise<void> {
    await this.leave(who, log);
    await this.add(who, log);
  }

  private async block(who: Person, whom: Person, what: 'block' | 'unblock'): Promise<void> {
    const blocks = this.truth.hasBlocked(who.id, whom.id);
    if (blocks === (what === 'block')) return refused(who[what](whom), blocks ? alreadyBlocked : notBlocked);
    await who[what](whom);
    this.truth.blocks[blocks ? 'delete' : 'add'](`${who.id} ${whom.id}`);
  }

  private async mark(who: Person, log: Log, at: number, what: 'read' | 'delivered'): Promise<void> {
    const seq = Math.max(1, Math.round(at * log.messages.length));
    const message = log.messages[seq - 1];
    const marking = who[what](`${log.id}.${seq}`);
    if (!message || !this.truth.isVisible(who.id, log, message)) return refused(marking, messageNotFound);
    await marking;
    const place = log.members.get(who.id)!;
    place.deliveredSeq = Math.max(place.deliveredSeq, seq);
    if (what === 'read') place.readSeq = Math.max(place.readSeq, seq);
  }

  /** The conversation with a person, which is new if it has no message, or a group. */
  private log(who: Person, with_: number): Log {
    const other = this.people[with_];
    if (!other) return this.truth.logs.get(this.groupIds[with_ - PEOPLE]!)!;
    const id = directConversationId(who.id, other.id);
    const known = this.truth.logs.get(id);
    if (known) return known;
    const log: Log = { id, ends: [who.id, other.id], messages: [], members: new Map() };
    for (const end of [who, other]) this.join(log, end);
    return log;
  }

  private join(log: Log, { id }: Person): void {
    const seq = log.messages.length;
    log.members.set(id, { joinedSeq: seq, deliveredSeq: seq, readSeq: seq });
  }
}

const refused = (attempt: Promise<unknown>, problem: ProblemKind): Promise<void> =>
  expect(attempt).rejects.toBeProblem(problem);
