import { setTimeout as sleep } from 'node:timers/promises';
import { follow, LiveConnection, type Told } from '../client/live.js';
import { isMessage, replyIn } from '../client/replies.js';
import { Ledger, newText, placeIn } from '../client/sends.js';
import { comesTrue } from '../client/wait.js';
import { Faults } from '../faults.js';
import type { Lab } from '../lab/lab.js';
import type { Program } from '../lab/program.js';
import { groupId, loadGroups, loadUsers, settle, Tokens, userId } from '../lab/world.js';
import type { Run, Subject } from '../part.js';
import { percentile } from '../statistics.js';

export const MEMBERS = 200;
export const IN_FLIGHT = 8;
export const PER_SECOND = 50;
const GROUP = groupId(1);

/** A server with a group in it. */
export interface Floor {
  readonly name: string;
  readonly does: string;
  readonly server: Program;
  /** Before a run: tokens that hold. */
  readonly prepare: () => Promise<void>;
  readonly open: (member: number, told: Told) => Promise<LiveConnection>;
  /** What a client says to send a text. */
  readonly frame: (ref: number, text: string) => string;
  /** Compares what was replied with what is stored, where anything is. */
  readonly check: (
    sent: readonly [conversationId: string, seq: number, text: string][],
    faults: Faults,
  ) => Promise<void>;
}

/** One message under way: when it was sent, replied to, and told to each member. */
interface UnderWay {
  readonly text: string;
  readonly sentAt: number;
  repliedAt: number;
  seq: number;
}

/** All members of a group with a socket each, the first of whom sends. */
class Room {
  readonly toReceipt: number[] = [];
  readonly afterReply: number[] = [];
  readonly sent: [string, number, string][] = [];
  deliveries = 0;
  private connections: LiveConnection[] = [];
  private readonly underWay = new Map<number, UnderWay>();
  /** When each member was told each number, until everybody was. */
  private readonly receipts = new Map<number, number[]>();
  private readonly lastSeq: (number | undefined)[] = [];
  private made = 0;

  constructor(
    private readonly floor: Floor,
    private readonly faults: Faults,
    /** Called when a message was replied to and has reached everybody. */
    private readonly through: () => void,
  ) {}

  async open(): Promise<void> {
    const members = Array.from({ length: MEMBERS }, (_, i) => i + 1);
    this.connections = await Promise.all(
      members.map((member) => this.floor.open(member, (text) => this.told(member, text))),
    );
  }

  send(): void {
    const ref = this.made++;
    const text = newText();
    this.underWay.set(ref, { text, sentAt: performance.now(), repliedAt: 0, seq: 0 });
    this.connections[0]!.send(this.floor.frame(ref, text));
  }

  get isThrough(): boolean {
    return this.underWay.size === 0;
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  private told(member: number, text: string): void {
    const now = performance.now();
    if (!isMessage(text)) return this.replied(text, now);
    const [, seq] = placeIn(text);
    const last = this.lastSeq[member];
    if (last !== undefined && seq !== last + 1) this.faults.add('a message was lost, doubled or out of its place');
    this.lastSeq[member] = seq;
    this.deliveries++;
    const receipts = this.receipts.get(seq);
    if (receipts) receipts.push(now);
    else this.receipts.set(seq, [now]);
    if (receipts?.length === MEMBERS) this.settle();
  }

  private replied(text: string, now: number): void {
    const reply = replyIn(text);
    const sent = reply && this.underWay.get(reply.ref);
    if (!sent || reply.status !== 201) return this.faults.add(`told ${text.slice(0, 200)}`);
    const [conversationId, seq] = placeIn(text);
    sent.repliedAt = now;
    sent.seq = seq;
    this.sent.push([conversationId, seq, sent.text]);
    this.settle();
  }

  /** Takes away what is through. */
  private settle(): void {
    for (const [ref, { sentAt, repliedAt, seq }] of this.underWay) {
      const receipts = this.receipts.get(seq);
      if (repliedAt === 0 || receipts?.length !== MEMBERS) continue;
      for (const at of receipts) {
        this.toReceipt.push(at - sentAt);
        this.afterReply.push(at - repliedAt);
      }
      this.underWay.delete(ref);
      this.receipts.delete(seq);
      this.through();
    }
  }
}

type Pace = (room: Room, seconds: number, onThrough: (listener: () => void) => void) => Promise<void>;

/** So many messages under way at a time; a message is through when everybody has it. */
const asFastAsPossible: Pace = async (room, seconds, onThrough) => {
  const until = performance.now() + seconds * 1000;
  onThrough(() => {
    if (performance.now() < until) room.send();
  });
  for (let i = 0; i < IN_FLIGHT; i++) room.send();
};

/** So many a second, whatever becomes of them. */
const steadily: Pace = async (room, seconds) => {
  const startedAt = performance.now();
  for (let i = 0; i < PER_SECOND * seconds; i++) {
    await sleep(Math.max(0, startedAt + (i * 1000) / PER_SECOND - performance.now()));
    room.send();
  }
};

async function run(lab: Lab, floor: Floor, seconds: number, pace: Pace): Promise<Run> {
  await floor.prepare();
  const faults = new Faults();
  let listener = (): void => undefined;
  const room = new Room(floor, faults, () => listener());
  await room.open();
  const watched = await lab.watch([floor.server], async () => {
    await pace(room, seconds, (given) => (listener = given));
    const isThrough = await comesTrue(() => room.isThrough, seconds + 10);
    if (!isThrough) faults.add('a message did not reach everybody');
  });
  room.close();
  await floor.check(room.sent, faults);
  if (room.deliveries !== room.sent.length * MEMBERS) faults.add('there were more or fewer deliveries than due');
  return {
    count: room.deliveries,
    seconds: watched.seconds,
    cpu: watched.cpu,
    latencies: room.toReceipt,
    figures: {
      'reply to receipt, p50 (ms)': percentile(room.afterReply, 0.5),
      'reply to receipt, p99 (ms)': percentile(room.afterReply, 0.99),
      'messages a second': room.sent.length / watched.seconds,
    },
    faults: faults.list,
  };
}

export const FAST = 'as fast as possible';
export const STEADY = `${PER_SECOND} a second`;

/** A floor, as fast as it can and at a steady pace. */
export const fanOut = (lab: Lab, floor: Floor): Subject[] => [
  {
    name: `${floor.name}, ${FAST}`,
    does: `${floor.does}; ${IN_FLIGHT} messages under way at a time`,
    run: (seconds) => run(lab, floor, seconds, asFastAsPossible),
  },
  {
    name: `${floor.name}, ${STEADY}`,
    does: `${floor.does}; ${PER_SECOND} messages a second`,
    run: (seconds) => run(lab, floor, seconds, steadily),
  },
];

export async function parleyFloor(lab: Lab): Promise<Floor> {
  const database = await lab.database('live_group');
  await loadUsers(database, MEMBERS);
  await loadGroups(database, [[1, 1, MEMBERS]]);
  await settle(database);
  const server = await lab.parley(database);
  const tokens = new Tokens(MEMBERS);
  const ledger = new Ledger();
  return {
    name: 'Parley',
    does: `each message is sent by a socket, checked, stored, and told to the ${MEMBERS} sockets of a group, in its place`,
    server,
    prepare: () => tokens.refresh([server]),
    open: (member, told) => follow(server.port, tokens.of(member), told),
    frame: (ref, text) => `{"type":"send","ref":"${ref}","recipient":"${GROUP}","text":"${text}"}`,
    check: async (sent, faults) => {
      for (const one of sent) ledger.add(...one);
      await ledger.check(database, faults);
    },
  };
}

export async function bareFloor(lab: Lab): Promise<Floor> {
  const server = await lab.baseline('bare-ws');
  const sender = `{"id":"${userId(1)}","username":"user1","displayName":"User number 1","deleted":false}`;
  return {
    name: 'bare ws',
    does: `each message is sent by a socket and told to all ${MEMBERS}: one stringify, ws.send; nothing is checked or stored`,
    server,
    prepare: () => Promise.resolve(),
    open: (_member, told) => LiveConnection.open(server.port, '/', [], told),
    frame: (ref, text) => `{"type":"send","ref":"${ref}","sender":${sender},"recipient":"${GROUP}","text":"${text}"}`,
    check: () => Promise.resolve(),
  };
}
