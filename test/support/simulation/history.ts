import * as fc from 'fast-check';
import { directConversationId } from '../../../src/common/ids.js';
import type { AnyEvent } from '../../../src/events/events.js';
import { SimulatedClient } from './client.js';
import { SimulatedDatabase } from './database.js';
import { SimulatedProcess } from './process.js';
import { Tasks } from './tasks.js';

const uuid = (kind: string, number: number): string =>
  `0193f0e8-0000-7000-8000-${kind}${String(number).padStart(11, '0')}`;
const USERS = [1, 2, 3].map((number) => uuid('a', number));
const GROUPS = [1, 2].map((number) => uuid('c', number));
const CLIENTS = 4;
/** More steps than this to come to rest: something goes round in circles. */
const MAX_SETTLING = 2_000;

const user = fc.nat(USERS.length - 1);
const group = fc.nat(GROUPS.length - 1);
const client = fc.nat(CLIENTS - 1);
const any = fc.nat(30);

const constant = <T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name);

/** What happens next. `which` chooses among what there is. */
const anyStep = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: constant('send'), user, group }) },
  { weight: 2, arbitrary: fc.record({ do: constant('send directly'), user, to: user }) },
  { weight: 3, arbitrary: fc.record({ do: constant('join'), user, group, isNamed: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: constant('leave'), user, group, isNamed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('role', 'rename'), user, group }) },
  { weight: 1, arbitrary: fc.record({ do: constant('delivered'), user, group }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('block', 'unblock'), user, to: user }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: constant('connect'), client, isFresh: fc.boolean(), backlog: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('disconnect', 'clog', 'drain', 'drain'), client }) },
  { weight: 12, arbitrary: fc.record({ do: constant('hint'), which: any }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('lose a hint', 'repeat a hint', 'fail a read'), which: any }),
  },
  { weight: 25, arbitrary: fc.record({ do: constant('go on'), which: any }) },
  { weight: 3, arbitrary: fc.record({ do: constant('go far on'), which: any }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('compare', 'forget a name', 'delete a group'), which: any }),
  },
);

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** What is to happen. */
export interface Story {
  /** Whether every client is connected, and level, when it begins. */
  readonly isCalm: boolean;
  readonly steps: readonly Step[];
}

export const anyStory = (maxLength: number): fc.Arbitrary<Story> =>
  fc.record({ isCalm: fc.boolean(), steps: fc.array(anyStep, { minLength: 5, maxLength, size: 'max' }) });

/**
 * Three users in two groups and their direct conversations, four clients, one process: what happens, and what of it
 * is told when, is the history's to say.
 */
export class SimulatedHistory {
  private readonly tasks = new Tasks();
  private readonly db = new SimulatedDatabase(USERS, GROUPS);
  private readonly process = new SimulatedProcess(this.db, this.tasks);
  private readonly clients = Array.from(
    { length: CLIENTS },
    (_, i) => new SimulatedClient(`client ${i}`, USERS[i % USERS.length]!, this.db, this.process),
  );
  private readonly hints: AnyEvent[] = [];

  /** Plays it to its end, and lets everything come to rest. @returns what was wrong */
  static async faults({ isCalm, steps }: Story): Promise<string[]> {
    const history = new SimulatedHistory();
    try {
      if (isCalm) await history.settle();
      for (const step of steps) {
        await history.play(step);
        await history.turn();
        history.process.assertInvariants();
      }
      await history.settle();
      history.process.assertInvariants();
      for (const one of history.clients) one.check();
      return [...history.clients.flatMap(({ faults }) => faults), ...history.process.errors.map(String)];
    } finally {
      history.process.close();
    }
  }

  private play(step: Step): void | Promise<void> {
    const { db, tasks, clients } = this;
    switch (step.do) {
      case 'send':
        return this.tell(db.send(GROUPS[step.group]!, USERS[step.user]!));
      case 'send directly': {
        const [one, other] = [USERS[step.user]!, USERS[step.to]!];
        const id = directConversationId(one, other);
        return this.tell(db.conversations.has(id) ? db.send(id, one) : db.open(one, other));
      }
      case 'join':
        return this.tell(db.join(GROUPS[step.group]!, USERS[step.user]!, step.isNamed));
      case 'leave':
        return this.tell(db.leave(GROUPS[step.group]!, USERS[step.user]!, step.isNamed));
      case 'role':
        return this.tell(db.changeRole(GROUPS[step.group]!, USERS[step.user]!));
      case 'rename':
        return this.tell(db.rename(GROUPS[step.group]!));
      case 'delivered':
        return db.delivered(GROUPS[step.group]!, USERS[step.user]!);
      case 'block':
      case 'unblock':
        return this.tell(db.block(USERS[step.user]!, USERS[step.to]!, step.do === 'block'));
      case 'connect':
        return clients[step.client]!.connect(step);
      case 'disconnect':
      case 'clog':
      case 'drain':
        return clients[step.client]![step.do]();
      case 'hint':
      case 'repeat a hint':
      case 'lose a hint':
        return this.hint(step.do, step.which);
      case 'go on':
        return tasks.advance(step.which);
      case 'go far on':
        return this.goFarOn(step.which);
      case 'fail a read':
        return tasks.fail(step.which);
      case 'compare':
        return this.process.disturb();
      case 'forget a name':
        return this.name(step.which);
      case 'delete a group':
        if (step.which === 0) this.tell(db.deleteGroup(GROUPS[1]!)); // seldom: nothing happens in it afterwards
    }
  }

  private async goFarOn(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      this.tasks.advance(i);
      await this.turn();
    }
  }

  private tell(events: readonly AnyEvent[]): void {
    this.hints.push(...events);
  }

  private hint(what: 'hint' | 'repeat a hint' | 'lose a hint', which: number): void {
    if (this.hints.length === 0) return;
    const at = which % this.hints.length;
    if (what !== 'lose a hint') this.process.hear(this.hints[at]!);
    if (what !== 'repeat a hint') this.hints.splice(at, 1);
  }

  private name(which: number): void {
    const id = USERS[which % USERS.length]!;
    if (!this.process.known.delete(id)) this.process.known.add(id);
  }

  /** Whatever hints are left are lost, which is found out; then everything under way goes on until nothing is. */
  private async settle(): Promise<void> {
    this.hints.length = 0;
    for (const one of this.clients) one.drain();
    this.process.disturb();
    for (let steps = 0; ; steps++) {
      if (steps > MAX_SETTLING) throw new Error('comes to no rest');
      await this.turn();
      if (this.tasks.count > 0) this.tasks.advance(steps * 7);
      else {
        const [next] = this.clients.filter(({ needsConnection }) => needsConnection);
        if (!next) break;
        next.connect({ isFresh: false, backlog: true });
      }
    }
    for (const one of this.clients) if (!one.isSettled) one.faults.push(`${one.name} is never ready`);
  }

  /** Whatever goes on by itself does, and the clients get what was written for them. */
  private async turn(): Promise<void> {
    await new Promise(setImmediate);
    await new Promise(setImmediate); // what a socket writes goes out at the end of a turn
    for (const one of this.clients) one.take();
  }
}
