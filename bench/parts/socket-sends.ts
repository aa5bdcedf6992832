import { follow, type LiveConnection } from '../client/live.js';
import { isMessage, replyIn } from '../client/replies.js';
import { Ledger, newText, placeIn } from '../client/sends.js';
import { comesTrue } from '../client/wait.js';
import { Faults } from '../faults.js';
import type { Lab } from '../lab/lab.js';
import type { Program } from '../lab/program.js';
import { loadShortLogs } from '../lab/log.js';
import { loadPairs, loadUsers, pairsAmong, settle, Tokens, userId } from '../lab/world.js';
import type { Subject } from '../part.js';
import { EACH, PARLEY_DOES, USERS } from './subjects.js';

export const SOCKETS = 64;
export const IN_FLIGHT = 8;
/** Between two who send, so that nobody they send to has a socket. */
const APART = Math.floor(USERS / SOCKETS);

/** One socket that has so many sends under way at a time, to each of its partners in turn. */
class Sender {
  /** Messages of its own that came back in their place; they have to, in order. */
  own = 0;
  readonly latencies: number[] = [];
  private readonly underWay = new Map<number, { readonly text: string; readonly at: number }>();
  private readonly lastSeq = new Map<string, number>();
  private socket: LiveConnection | undefined;
  private made = 0;

  constructor(
    private readonly user: number,
    private readonly ledger: Ledger,
    private readonly faults: Faults,
    private readonly until: () => number,
  ) {}

  async open({ port }: Program, token: string): Promise<void> {
    this.socket = await follow(port, token, (text) => this.told(text));
  }

  start(): void {
    for (let i = 0; i < IN_FLIGHT; i++) this.send();
  }

  get isThrough(): boolean {
    return this.underWay.size === 0 && this.own === this.latencies.length;
  }

  close(): void {
    this.socket?.close();
  }

  private send(): void {
    const ref = this.made++;
    const text = newText();
    const recipient = userId(this.user + 1 + (ref % EACH));
    this.underWay.set(ref, { text, at: performance.now() });
    this.socket!.send(`{"type":"send","ref":"${ref}","recipient":"${recipient}","text":"${text}"}`);
  }

  private told(text: string): void {
    if (isMessage(text)) return this.toldOwn(text);
    const reply = replyIn(text);
    const sent = reply && this.underWay.get(reply.ref);
    if (!sent) return this.faults.add(`told ${text.slice(0, 200)}`);
    this.underWay.delete(reply.ref);
    const now = performance.now();
    if (reply.status === 201) {
      this.latencies.push(now - sent.at);
      this.ledger.add(...placeIn(text), sent.text);
    } else this.faults.add(`a send was replied to with ${text.slice(0, 200)}`);
    if (now < this.until()) this.send();
  }

  private toldOwn(text: string): void {
    const [conversationId, seq] = placeIn(text);
    const last = this.lastSeq.get(conversationId);
    if (last !== undefined && seq !== last + 1) this.faults.add('a message came out of its place');
    this.lastSeq.set(conversationId, seq);
    this.own++;
  }
}

/** Sends by socket, as fast as they are replied to. */
export async function socketSends(lab: Lab): Promise<Subject> {
  const database = await lab.database('live_sends');
  await loadUsers(database, USERS);
  await loadPairs(database, pairsAmong(USERS, EACH));
  await loadShortLogs(database, 1); // else the first message of each comes with news of its conversation
  await settle(database);
  const server = await lab.parley(database);
  const tokens = new Tokens(USERS);
  const ledger = new Ledger(USERS * EACH);
  return {
    name: 'Parley, sends by socket',
    does: `${SOCKETS} sockets with ${IN_FLIGHT} sends in flight each: ${PARLEY_DOES}; and the message in its place`,
    async run(seconds) {
      await tokens.refresh([server]);
      const faults = new Faults();
      let until = 0;
      const users = Array.from({ length: SOCKETS }, (_, i) => 1 + i * APART);
      const senders = users.map((user) => new Sender(user, ledger, faults, () => until));
      await Promise.all(senders.map((sender, i) => sender.open(server, tokens.of(users[i]!))));
      const watched = await lab.watch([server], async () => {
        until = performance.now() + seconds * 1000;
        for (const sender of senders) sender.start();
        const isThrough = await comesTrue(() => senders.every((sender) => sender.isThrough), seconds + 10);
        if (!isThrough) faults.add('replies or messages did not come');
      });
      for (const sender of senders) sender.close();
      await ledger.check(database, faults);
      const latencies = senders.flatMap((sender) => sender.latencies);
      return { count: latencies.length, latencies, seconds: watched.seconds, cpu: watched.cpu, faults: faults.list };
    },
  };
}
