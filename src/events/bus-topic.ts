import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { isBestEffort, type AnyEvent } from './events.js';
import { splitIntoEnvelopes, encodeEvent, encodeEnvelope } from './bus-envelope.js';
import { BusLink, type BusLinkHandlers } from './bus-link.js';
import { MAX_NOTIFY_BYTES, NOTIFY } from './postgres.transport.js';
import type { BusTransport } from './bus-transport.js';
import { InDoubtTransactions } from './in-doubt.js';

/** What carries events between processes: PostgreSQL always, Redis for the frequent ones where there is one. */
export interface BusTransports {
  readonly postgres: BusTransport;
  readonly redis?: BusTransport;
}

/** Runs statements inside the transaction that is about to commit. */
export interface InTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

const HEARTBEAT_MS = 500;
/** A newcomer counts as disturbed a second after its start: whoever was going to answer its hello has done so. */
const NEWCOMER_TICKS = 2;
/** How long a start waits to hear itself, and a stop for what is still to be sent. */
const PATIENCE_MS = 2000;

/**
 * What connects the processes that serve one database.
 *
 * Rare events are part of the transaction that makes them true. PostgreSQL hands those to whoever listens, in the order
 * of the commits, without fail while the connection holds; so the PostgreSQL line is fresh where our own beat was heard.
 *
 * Frequent events go out after commit, and only while another process is heard: a process alone pays for nothing but
 * its beats. That is safe since whatever is not sent leaves a number out. A process that was there before finds the gap
 * with the next envelope; a newcomer, who says hello first, is disturbed by the first word of anyone it did not know. Both
 * then compare with the database, where all of it is.
 */
export class BusTopic {
  /** 16 characters, another one at each start. */
  private readonly processId = randomBytes(12).toString('base64url');
  private readonly log = new Logger('EventBus');
  private readonly postgres: BusLink;
  private readonly redis?: BusLink;
  private readonly links: readonly BusLink[];
  private readonly inDoubt = new InDoubtTransactions();
  private heartbeatTimer?: NodeJS.Timeout;
  private ticks = 0;
  private wasReported = false;
  private unreported?: string;

  constructor(
    { postgres, redis }: BusTransports,
    private readonly handlers: Pick<BusLinkHandlers, 'received' | 'possibleLoss'>,
    now: () => number,
  ) {
    const own: BusLinkHandlers = {
      received: (events) => handlers.received(events),
      ownTransactionReceived: (number) => this.inDoubt.received(number),
      possibleLoss: (reason) => this.disturbed(reason),
    };
    this.postgres = new BusLink(postgres, this.processId, own, now);
    if (redis) this.redis = new BusLink(redis, this.processId, own, now);
    this.links = this.redis ? [this.postgres, this.redis] : [this.postgres];
  }

  /** @throws where PostgreSQL cannot be reached */
  async open(): Promise<void> {
    const [hearsItself] = await Promise.all(this.links.map((line) => line.open(PATIENCE_MS)));
    if (!hearsItself) {
      this.log.error(
        'The connection that listens to PostgreSQL does not hear its own notifications. Behind PgBouncer, ' +
          'DATABASE_LISTEN_URL has to lead to PostgreSQL directly. Until it hears them every session is looked up each second.',
      );
    }
    this.heartbeatTimer = setInterval(() => this.tick(), HEARTBEAT_MS);
  }

  /** Sends what waits, says goodbye, disconnects. */
  async close(): Promise<void> {
    clearInterval(this.heartbeatTimer);
    await Promise.all(this.links.map((line) => line.close(PATIENCE_MS)));
  }

  /** @see EventBus.freshSince */
  healthySince(): number | undefined {
    return this.postgres.healthySince();
  }

  /** @see EventBus.isFresh */
  isHealthy(): boolean {
    return this.unreported === undefined && this.links.every((line) => line.healthySince() !== undefined);
  }

  /** Puts the rare events into the transaction that makes them true. */
  async prepare(events: readonly AnyEvent[], tx: InTransaction): Promise<void> {
    const rare = events.filter(({ name }) => !isBestEffort(name)).map(encodeEvent);
    if (rare.length === 0) return;
    const { envelopes, tooLong } = splitIntoEnvelopes(rare, MAX_NOTIFY_BYTES);
    if (tooLong.length > 0) throw new Error(`an event is too long to be told: ${tooLong[0]?.slice(0, 100)}`);
    const sequence = this.inDoubt.prepared(events);
    await tx.query(NOTIFY, [
      envelopes.map((some) => encodeEnvelope({ kind: 'transactional', senderId: this.processId, sequence }, some)),
    ]);
  }

  /** Sends the frequent ones of these events, unless nobody is there. `prepare` has had the others. */
  send(events: readonly AnyEvent[]): void {
    this.inDoubt.published(events);
    const frequent = events.filter(({ name }) => isBestEffort(name));
    if (frequent.length === 0) return;
    if (this.isAlone) for (const line of this.links) line.leaveGap();
    else this.linkForAll().send(frequent);
  }

  private get isAlone(): boolean {
    return this.links.every(({ peers }) => peers.isEmpty);
  }

  /** Redis, while it carries our own envelopes and everyone who is heard on PostgreSQL is on it too. */
  private linkForAll(): BusLink {
    const { redis, postgres } = this;
    return redis?.healthySince() !== undefined && redis.peers.includes(postgres.peers) ? redis : postgres;
  }

  private tick(): void {
    for (const line of this.links) line.tick();
    this.handlers.received(this.inDoubt.tick());
    this.wasReported = false;
    const reason = ++this.ticks === NEWCOMER_TICKS ? 'this process has just started' : this.unreported;
    this.unreported = undefined;
    if (reason !== undefined) this.disturbed(reason);
  }

  /** Told at once, but at most once per beat: one trouble shows in many ways, and each costs its hearers a comparison. */
  private disturbed(reason: string): void {
    if (this.wasReported) {
      this.unreported = reason;
      return;
    }
    this.wasReported = true;
    this.log.debug(`hints may be missing: ${reason}`);
    this.handlers.possibleLoss(reason);
  }
}
