import type { AnyEvent } from './events.js';
import { decodeEnvelope, encodeEvent, type BusEnvelope } from './bus-envelope.js';
import { SendBuffer } from './send-buffer.js';
import { BusPeers } from './bus-peers.js';
import type { BusTransport } from './bus-transport.js';

/** An own envelope that was sent longer ago than this (ms) does not prove that envelopes arrive now. */
const HEALTHY_MS = 1000;
/** Heartbeats without an own envelope after which the link is silent: over 1 s. */
const SILENT_TICKS = 3;
/** Heartbeats between two reports that the link is silent: 2 s. More than SILENT_TICKS. */
const REPORT_AGAIN_TICKS = 4;
/** Heartbeats without an own envelope after which the link connects again: 5 s. */
const RECONNECT_TICKS = 10;

export interface BusLinkHandlers {
  /** Events of other processes, those of each sender in the order in which it sent them. */
  received(events: readonly AnyEvent[]): void;
  /** The transaction of this process that has this number is committed. */
  ownTransactionReceived(number: number): void;
  /** Events of other processes may be lost. */
  possibleLoss(reason: string): void;
}

/**
 * One connection between all processes, of PostgreSQL or of Redis: what this process sends on it, and what it receives.
 *
 * Each process sends heartbeats and receives its own, as every other process does: so it knows that it also receives what
 * the others send. A heartbeat carries the number of the sender's last best-effort envelope, so a receiver notices the
 * loss of that envelope with the next heartbeat.
 *
 * States and transitions:
 *   down → healthy    the transport connects, and an own envelope arrives
 *   healthy → silent  no own envelope that was sent within the last second (HEALTHY_MS) has arrived
 *   silent → healthy  an own envelope arrives that was sent within the last second
 *   any → down        the transport disconnects; a link that was silent for 5 s asks it to
 *
 * Between two steps (tests: event-bus.spec.ts, bus-peers.spec.ts):
 * - `healthySince()` is undefined unless the link is up and an own envelope that was sent within the last second has
 *   arrived: 'a process knows since when it cannot have missed an event…', 'an own envelope that arrives late…'.
 * - `healthyFrom` is later than every possible loss of a transactional event, which are lost only with the connection, or
 *   if this version cannot read them: 'a process knows since when…', 'an envelope of another version…'.
 * - Every gap that is noticed, every unknown peer, every peer that went silent, and every reconnection is reported as a
 *   possible loss: 'a lost envelope is noticed…', 'a connection that comes back is a possible loss at once…', 'a process
 *   that stops without peerDown…'.
 */
export class BusLink {
  readonly peers = new BusPeers();
  /** Whether the transport is connected. */
  isUp = false;
  private readonly buffer: SendBuffer;
  private healthyFrom?: number;
  /** When the last own envelope that arrived was sent. */
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
   * Since when (by `now`) this process has received every transactional event; undefined while that is unknown, because
   * no own envelope that was sent within the last second has arrived.
   */
  healthySince(): number | undefined {
    // guard: src/events/event-bus.spec.ts
    return this.isUp && this.now() - this.ownSentAtMs < HEALTHY_MS ? this.healthyFrom : undefined;
  }

  /** Connects. @returns whether an own envelope arrived within `patienceMs`; if not, the link keeps trying */
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
    // guard: src/events/event-bus.spec.ts
    for (const id of this.peers.tick()) this.handlers.possibleLoss(`${id} has gone silent`);
    this.ticksSinceOwn++;
    // guard: src/events/event-bus.spec.ts
    if ((this.ticksSinceOwn - SILENT_TICKS) % REPORT_AGAIN_TICKS === 0)
      this.handlers.possibleLoss(`${this.name} delivers nothing`);
    // guard: src/events/event-bus.spec.ts
    if (this.ticksSinceOwn % RECONNECT_TICKS === 0) this.transport.reconnect();
  }

  send(events: readonly AnyEvent[]): void {
    this.buffer.add(events.map(encodeEvent));
  }

  /** Best-effort events are not sent on this link: a gap in the sequence stands for them. */
  leaveGap(): void {
    this.buffer.leaveGap();
  }

  /** Sends what is waiting and a peerDown, and disconnects; waits at most `patienceMs` for each. */
  async close(patienceMs: number): Promise<void> {
    this.isClosing = true;
    // guard: src/events/event-bus.spec.ts
    this.buffer.sendControl('peerDown');
    // guard: src/events/event-bus.spec.ts
    await within(patienceMs, this.buffer.flush());
    this.buffer.close();
    await within(patienceMs, this.transport.close());
  }

  private up(): void {
    const isFirst = this.healthyFrom === undefined;
    this.isUp = true;
    // guard: src/events/event-bus.spec.ts
    this.healthyFrom = this.now();
    this.buffer.open();
    // guard: src/events/event-bus.spec.ts
    this.buffer.sendControl('peerUp');
    // guard: src/events/event-bus.spec.ts
    if (!isFirst) this.handlers.possibleLoss(`${this.name} is connected again`);
  }

  private down(): void {
    // guard: src/events/event-bus.spec.ts
    this.isUp = false;
    // guard: src/events/event-bus.spec.ts
    this.buffer.close();
  }

  private received(text: string): void {
    const envelope = decodeEnvelope(text, this.processId);
    if (!envelope) this.receivedUnreadable();
    else if (envelope.senderId === this.processId) this.receivedOwn(envelope);
    else this.receivedOther(envelope);
  }

  private receivedOwn({ kind, sequence, sentAtMs }: BusEnvelope): void {
    // guard: src/events/event-bus.spec.ts
    if (kind === 'transactional') this.handlers.ownTransactionReceived(sequence);
    if (sentAtMs === undefined) return;
    // guard: src/events/event-bus.spec.ts
    this.ticksSinceOwn = 0;
    // guard: src/events/event-bus.spec.ts
    this.ownSentAtMs = sentAtMs;
    this.ownReceived?.();
  }

  private receivedOther(envelope: BusEnvelope): void {
    const reason = this.peers.received(envelope);
    // guard: src/events/event-bus.spec.ts
    if (envelope.kind === 'peerUp' && !this.isClosing) this.buffer.sendControl('heartbeat'); // so that the new process has a peer at once
    // guard: src/events/event-bus.spec.ts
    this.handlers.received(envelope.events);
    // guard: src/events/event-bus.spec.ts
    if (reason !== undefined) this.handlers.possibleLoss(reason);
    // guard: src/events/event-bus.spec.ts
    if (!envelope.isReadable && (envelope.kind === 'bestEffort' || envelope.kind === 'transactional'))
      this.receivedUnreadable();
  }

  /** This version does not know which events it missed: no cache may rely on what it read before. */
  private receivedUnreadable(): void {
    // guard: src/events/event-bus.spec.ts
    this.healthyFrom = this.now();
    // guard: src/events/event-bus.spec.ts
    this.handlers.possibleLoss(`${this.name} carries envelopes that this version cannot read`);
  }
}

/** Whether `done` resolved within `ms`. */
async function within(ms: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
