import type { AnyEvent } from './events.js';
import { decodeLetter, encodeEvent, type Letter } from './bus-envelope.js';
import { Outbox } from './send-buffer.js';
import { Peers } from './bus-peers.js';
import type { Transport } from './bus-transport.js';

/** A letter of our own that is older than this (ms) does not prove that we hear what is sent now. */
const FRESH_MS = 1000;
/** Beats without hearing ourselves after which the line is deaf (over 1 s), and after which it is connected anew (5 s). */
const DEAF_TICKS = 3;
const RECONNECT_TICKS = 10;
/** How often a deaf line is said to be disturbed: each 2 s. */
const DEAF_AGAIN_TICKS = 4;

export interface LineListener {
  /** What other processes tell, in the order in which each told it. */
  heard(events: readonly AnyEvent[]): void;
  /** The change of this process that has this number is committed. */
  heardOwnChange(number: number): void;
  /** Something may not have been heard. */
  disturbed(reason: string): void;
}

/**
 * One connection between all processes: what is sent on it, who is heard on it, and whether all of it is.
 *
 * Each process beats, and hears its own beat as everyone else does: that is how it knows that it hears the others. A
 * beat tells the number of the sender's last batch, so the loss of a last batch is found with the next beat.
 */
export class Line {
  readonly peers = new Peers();
  /** Whether it is connected. */
  isUp = false;
  private readonly outbox: Outbox;
  private freshFrom?: number;
  /** When the last letter of our own that was heard had been sent. */
  private heardOwnOf = -Infinity;
  private ticksSinceOwn = 0;
  private isClosing = false;
  private hearOwn?: () => void;

  constructor(
    private readonly transport: Transport,
    private readonly me: string,
    private readonly listener: LineListener,
    private readonly now: () => number,
  ) {
    this.outbox = new Outbox(transport, me, now);
  }

  get name(): string {
    return this.transport.name;
  }

  /**
   * Since when nothing that PostgreSQL committed, or that anyone sent, can have been missed; undefined while it is not
   * known: what was sent a second ago may not have come through.
   */
  freshSince(): number | undefined {
    return this.isUp && this.now() - this.heardOwnOf < FRESH_MS ? this.freshFrom : undefined;
  }

  /** Connects. @returns whether it heard itself within `patienceMs`; it goes on trying where it did not */
  async open(patienceMs: number): Promise<boolean> {
    const heard = new Promise<boolean>((resolve) => (this.hearOwn = () => resolve(true)));
    await this.transport.open({
      up: () => this.up(),
      down: () => this.down(),
      heard: (text) => this.heard(text),
    });
    return this.isUp && within(patienceMs, heard);
  }

  /** Called twice a second. */
  tick(): void {
    this.outbox.say('beat');
    for (const id of this.peers.tick()) this.listener.disturbed(`${id} has fallen silent`);
    this.ticksSinceOwn++;
    const deafFor = this.ticksSinceOwn - DEAF_TICKS;
    if (deafFor >= 0 && deafFor % DEAF_AGAIN_TICKS === 0) this.listener.disturbed(`${this.name} carries nothing`);
    if (this.ticksSinceOwn % RECONNECT_TICKS === 0) this.transport.reconnect();
  }

  send(events: readonly AnyEvent[]): void {
    this.outbox.add(events.map(encodeEvent));
  }

  /** Events are not sent here: who hears of it finds a number left out. */
  skip(): void {
    this.outbox.skip();
  }

  /** Sends what waits, says goodbye and disconnects; gives up after `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    this.isClosing = true;
    this.outbox.say('goodbye');
    await within(patienceMs, this.outbox.flush());
    this.outbox.close();
    await within(patienceMs, this.transport.close());
  }

  private up(): void {
    const isFirst = this.freshFrom === undefined;
    this.isUp = true;
    this.freshFrom = this.now();
    this.outbox.open();
    this.outbox.say('hello');
    if (!isFirst) this.listener.disturbed(`${this.name} is connected again`);
  }

  private down(): void {
    this.isUp = false;
    this.outbox.close();
  }

  private heard(text: string): void {
    const letter = decodeLetter(text, this.me);
    if (!letter) this.unreadable();
    else if (letter.from === this.me) this.heardOwn(letter);
    else this.heardOther(letter);
  }

  private heardOwn({ kind, n, at }: Letter): void {
    if (kind === 'change') this.listener.heardOwnChange(n);
    if (at === undefined) return;
    this.ticksSinceOwn = 0;
    this.heardOwnOf = at;
    this.hearOwn?.();
  }

  private heardOther(letter: Letter): void {
    const missed = this.peers.heard(letter);
    if (letter.kind === 'hello' && !this.isClosing) this.outbox.say('beat'); // it learns at once that it is not alone
    this.listener.heard(letter.events);
    if (missed !== undefined) this.listener.disturbed(missed);
    if (!letter.readable && (letter.kind === 'batch' || letter.kind === 'change')) this.unreadable();
  }

  /** Nobody knows what was told: nothing that is remembered can be relied on. */
  private unreadable(): void {
    this.freshFrom = this.now();
    this.listener.disturbed(`${this.name} carries letters that this version cannot read`);
  }
}

/** Whether it was done in time. */
async function within(ms: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
