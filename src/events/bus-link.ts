import type { AnyEvent } from './events.js';
import { decodeEnvelope, encodeEvent, type BusEnvelope } from './bus-envelope.js';
import { SendBuffer } from './send-buffer.js';
import { BusPeers } from './bus-peers.js';
import type { BusTransport } from './bus-transport.js';

/** A envelope of our own that is older than this (ms) does not prove that we hear what is sent now. */
const HEALTHY_MS = 1000;
/** Beats without hearing ourselves after which the line is deaf (over 1 s), and after which it is connected anew (5 s). */
const DEAF_TICKS = 3;
const RECONNECT_TICKS = 10;
/** How often a deaf line is said to be disturbed: each 2 s. */
const DEAF_AGAIN_TICKS = 4;

export interface BusLinkHandlers {
  /** What other processes tell, in the order in which each told it. */
  received(events: readonly AnyEvent[]): void;
  /** The change of this process that has this number is committed. */
  ownTransactionReceived(number: number): void;
  /** Something may not have been heard. */
  possibleLoss(reason: string): void;
}

/**
 * One connection between all processes: what is sent on it, who is heard on it, and whether all of it is.
 *
 * Each process beats, and hears its own beat as everyone else does: that is how it knows that it hears the others. A
 * beat tells the number of the sender's last batch, so the loss of a last batch is found with the next beat.
 */
export class BusLink {
  readonly peers = new BusPeers();
  /** Whether it is connected. */
  isUp = false;
  private readonly buffer: SendBuffer;
  private healthyFrom?: number;
  /** When the last envelope of our own that was heard had been sent. */
  private ownSentAtMs = -Infinity;
  private ticksSinceOwn = 0;
  private isClosing = false;
  private ownReceived?: () => void;

  constructor(
    private readonly transport: BusTransport,
    private readonly processId: string,
    private readonly handlers: BusLinkHandlers,
    private readonly now: () => number,
  ) {
    this.buffer = new SendBuffer(transport, processId, now);
  }

  get name(): string {
    return this.transport.name;
  }

  /**
   * Since when nothing that PostgreSQL committed, or that anyone sent, can have been missed; undefined while it is not
   * known: what was sent a second ago may not have come through.
   */
  healthySince(): number | undefined {
    return this.isUp && this.now() - this.ownSentAtMs < HEALTHY_MS ? this.healthyFrom : undefined;
  }

  /** Connects. @returns whether it heard itself within `patienceMs`; it goes on trying where it did not */
  async open(patienceMs: number): Promise<boolean> {
    const received = new Promise<boolean>((resolve) => (this.ownReceived = () => resolve(true)));
    await this.transport.open({
      up: () => this.up(),
      down: () => this.down(),
      received: (text) => this.received(text),
    });
    return this.isUp && within(patienceMs, received);
  }

  /** Called twice a second. */
  tick(): void {
    this.buffer.sendControl('heartbeat');
    for (const id of this.peers.tick()) this.handlers.possibleLoss(`${id} has fallen silent`);
    this.ticksSinceOwn++;
    const deafFor = this.ticksSinceOwn - DEAF_TICKS;
    if (deafFor >= 0 && deafFor % DEAF_AGAIN_TICKS === 0) this.handlers.possibleLoss(`${this.name} carries nothing`);
    if (this.ticksSinceOwn % RECONNECT_TICKS === 0) this.transport.reconnect();
  }

  send(events: readonly AnyEvent[]): void {
    this.buffer.add(events.map(encodeEvent));
  }

  /** Events are not sent here: who hears of it finds a number left out. */
  leaveGap(): void {
    this.buffer.leaveGap();
  }

  /** Sends what waits, says goodbye and disconnects; gives up after `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    this.isClosing = true;
    this.buffer.sendControl('peerDown');
    await within(patienceMs, this.buffer.flush());
    this.buffer.close();
    await within(patienceMs, this.transport.close());
  }

  private up(): void {
    const isFirst = this.healthyFrom === undefined;
    this.isUp = true;
    this.healthyFrom = this.now();
    this.buffer.open();
    this.buffer.sendControl('peerUp');
    if (!isFirst) this.handlers.possibleLoss(`${this.name} is connected again`);
  }

  private down(): void {
    this.isUp = false;
    this.buffer.close();
  }

  private received(text: string): void {
    const envelope = decodeEnvelope(text, this.processId);
    if (!envelope) this.receivedUnreadable();
    else if (envelope.senderId === this.processId) this.receivedOwn(envelope);
    else this.receivedOther(envelope);
  }

  private receivedOwn({ kind, sequence, sentAtMs }: BusEnvelope): void {
    if (kind === 'transactional') this.handlers.ownTransactionReceived(sequence);
    if (sentAtMs === undefined) return;
    this.ticksSinceOwn = 0;
    this.ownSentAtMs = sentAtMs;
    this.ownReceived?.();
  }

  private receivedOther(envelope: BusEnvelope): void {
    const missed = this.peers.received(envelope);
    if (envelope.kind === 'peerUp' && !this.isClosing) this.buffer.sendControl('heartbeat'); // it learns at once that it is not alone
    this.handlers.received(envelope.events);
    if (missed !== undefined) this.handlers.possibleLoss(missed);
    if (!envelope.isReadable && (envelope.kind === 'bestEffort' || envelope.kind === 'transactional'))
      this.receivedUnreadable();
  }

  /** Nobody knows what was told: nothing that is remembered can be relied on. */
  private receivedUnreadable(): void {
    this.healthyFrom = this.now();
    this.handlers.possibleLoss(`${this.name} carries envelopes that this version cannot read`);
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
