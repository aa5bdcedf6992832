import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { isBestEffort, type AnyEvent } from './events.js';
import { splitIntoEnvelopes, encodeEvent, encodeEnvelope } from './bus-envelope.js';
import { BusLink, type BusLinkHandlers } from './bus-link.js';
import { MAX_NOTIFY_BYTES, NOTIFY } from './postgres.transport.js';
import type { BusTransport } from './bus-transport.js';
import { InDoubtTransactions } from './in-doubt.js';

/** The connections between processes: always PostgreSQL, and Redis for the best-effort events if it is configured. */
export interface BusTransports {
  readonly postgres: BusTransport;
  readonly redis?: BusTransport;
}

/** Runs statements inside the transaction that is about to commit. */
export interface InTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

const HEARTBEAT_MS = 500;
/** Heartbeats after a start at which this process reports a possible loss: 1 s, by then the others have answered its peerUp. */
const STARTED_TICKS = 2;
/** How long a start waits for the first own envelope, and a stop for each of its steps. */
const PATIENCE_MS = 2000;

/**
 * The one topic that all processes on one database share, over one or two links.
 *
 * Transactional events are part of the transaction that makes them true. PostgreSQL delivers them to every listening
 * connection, in the order of the commits, and loses none while the connection lasts. So while own heartbeats arrive on the
 * PostgreSQL link, no transactional event was missed.
 *
 * Best-effort events go out after commit, and only while this process has a peer: a single process pays for nothing but its
 * heartbeats. That is safe, because a gap in the sequence stands for every event that is not sent. A running process
 * notices the gap with the next envelope; a process that has just started reports a possible loss with the first envelope
 * of each peer it did not know. Both then resync with the database, which holds everything.
 *
 * States: alone (no link has a peer), on PostgreSQL, on Redis (that link is healthy and every peer on PostgreSQL is a peer
 * on Redis too). Each `send` decides by the state of that moment.
 *
 * Between two steps (tests: event-bus.spec.ts):
 * - A best-effort event is sent on one link, or a gap stands for it there; if this process is alone, on every link: 'a process
 *   with no peers sends heartbeats only…', 'a process that took its peers for gone leaves a gap…'.
 * - Redis carries an event only if every peer on PostgreSQL is a peer on it: 'without Redis, or if one process is not on it…'.
 * - A possible loss is reported at once or with the next heartbeat, and at most once per heartbeat; until then the process is
 *   not healthy: 'many possible losses at once are reported once per heartbeat…'.
 * - The events of a committed transaction are published here, even if the answer to its COMMIT was lost: 'a process publishes its
 *   own transactional events once…'.
 */
export class BusTopic {
  /** 16 characters, different at each start. */
  private readonly processId = randomBytes(12).toString('base64url');
  private readonly log = new Logger('EventBus');
  private readonly postgres: BusLink;
  private readonly redis?: BusLink;
  private readonly links: readonly BusLink[];
  private readonly inDoubt = new InDoubtTransactions();
  private heartbeatTimer?: NodeJS.Timeout;
  private ticks = 0;
  /** Whether a possible loss was reported since the last heartbeat. */
  private wasReported = false;
  /** The reason of a possible loss that is reported with the next heartbeat. */
  private unreported?: string;

  constructor(
    { postgres, redis }: BusTransports,
    private readonly handlers: Pick<BusLinkHandlers, 'received' | 'possibleLoss'>,
    now: () => number,
  ) {
    const linkHandlers: BusLinkHandlers = {
      received: (events) => handlers.received(events),
      ownTransactionReceived: (number) => this.inDoubt.received(number),
      possibleLoss: (reason) => this.reportPossibleLoss(reason),
    };
    this.postgres = new BusLink(postgres, this.processId, linkHandlers, now);
    if (redis) this.redis = new BusLink(redis, this.processId, linkHandlers, now);
    this.links = this.redis ? [this.postgres, this.redis] : [this.postgres];
  }

  /** @throws if PostgreSQL cannot be reached */
  async open(): Promise<void> {
    const [isHealthy] = await Promise.all(this.links.map((link) => link.open(PATIENCE_MS)));
    if (!isHealthy) {
      this.log.error(
        'The connection that listens to PostgreSQL does not receive its own notifications. Behind PgBouncer, ' +
          'DATABASE_LISTEN_URL has to lead to PostgreSQL directly. Until it receives them, each session that is in use is ' +
          'read from the database once a second.',
      );
    }
    this.heartbeatTimer = setInterval(() => this.tick(), HEARTBEAT_MS);
  }

  /** Sends what is waiting and a peerDown, and disconnects. */
  async close(): Promise<void> {
    clearInterval(this.heartbeatTimer);
    await Promise.all(this.links.map((link) => link.close(PATIENCE_MS)));
  }

  /** @see EventBus.healthySince */
  healthySince(): number | undefined {
    return this.postgres.healthySince();
  }

  /** @see EventBus.isHealthy */
  isHealthy(): boolean {
    // guard: src/events/event-bus.spec.ts
    return this.unreported === undefined && this.links.every((link) => link.healthySince() !== undefined);
  }

  /** Puts the transactional events into the transaction that makes them true. */
  async prepare(events: readonly AnyEvent[], tx: InTransaction): Promise<void> {
    const transactional = events.filter(({ name }) => !isBestEffort(name)).map(encodeEvent);
    if (transactional.length === 0) return;
    const { envelopes, tooLong } = splitIntoEnvelopes(transactional, MAX_NOTIFY_BYTES);
    // guard: src/events/event-bus.spec.ts
    if (tooLong.length > 0) throw new Error(`an event is too long for an envelope: ${tooLong[0]?.slice(0, 100)}`);
    const sequence = this.inDoubt.prepared(events);
    await tx.query(NOTIFY, [
      envelopes.map((some) => encodeEnvelope({ kind: 'transactional', senderId: this.processId, sequence }, some)),
    ]);
  }

  /** Sends the best-effort ones of these events, if this process has a peer. `prepare` got the others. */
  send(events: readonly AnyEvent[]): void {
    // guard: src/events/event-bus.spec.ts
    this.inDoubt.published(events);
    const bestEffort = events.filter(({ name }) => isBestEffort(name));
    if (bestEffort.length === 0) return;
    // guard: src/events/event-bus.spec.ts
    if (this.isAlone) for (const link of this.links) link.leaveGap();
    else this.linkForAll().send(bestEffort);
  }

  private get isAlone(): boolean {
    return this.links.every(({ peers }) => peers.isEmpty);
  }

  /** Redis, while it delivers own envelopes and every peer on PostgreSQL is a peer on it too. */
  private linkForAll(): BusLink {
    const { redis, postgres } = this;
    // guard: src/events/event-bus.spec.ts
    return redis?.healthySince() !== undefined && redis.peers.includes(postgres.peers) ? redis : postgres;
  }

  private tick(): void {
    for (const link of this.links) link.tick();
    // guard: src/events/event-bus.spec.ts
    this.handlers.received(this.inDoubt.tick());
    // guard: src/events/event-bus.spec.ts
    this.wasReported = false;
    // guard: src/events/event-bus.spec.ts
    const reason = ++this.ticks === STARTED_TICKS ? 'this process has just started' : this.unreported;
    // guard: src/events/event-bus.spec.ts
    this.unreported = undefined;
    // guard: src/events/event-bus.spec.ts
    if (reason !== undefined) this.reportPossibleLoss(reason);
  }

  /**
   * At once, but at most once per heartbeat: one failure shows in many ways, and each report costs the subscribers a
   * comparison with the database.
   */
  private reportPossibleLoss(reason: string): void {
    // guard: src/events/event-bus.spec.ts
    if (this.wasReported) {
      this.unreported = reason;
      return;
    }
    this.wasReported = true;
    this.log.debug(`hints may be missing: ${reason}`);
    this.handlers.possibleLoss(reason);
  }
}
