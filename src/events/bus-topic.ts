import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { isFrequent, type AnyEvent } from './events.js';
import { cut, encodeEvent, encodeLetter } from './bus-envelope.js';
import { Line, type LineListener } from './bus-link.js';
import { MAX_NOTIFY_BYTES, NOTIFY } from './postgres.transport.js';
import type { Transport } from './bus-transport.js';
import { Unconfirmed } from './in-doubt.js';

/** What carries events between processes: PostgreSQL always, Redis for the frequent ones where there is one. */
export interface Transports {
  readonly postgres: Transport;
  readonly redis?: Transport;
}

/** Runs statements inside the transaction that is about to commit. */
export interface InTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

const BEAT_MS = 500;
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
 * with the next letter; a newcomer, who says hello first, is disturbed by the first word of anyone it did not know. Both
 * then compare with the database, where all of it is.
 */
export class Lines {
  /** 16 characters, another one at each start. */
  private readonly id = randomBytes(12).toString('base64url');
  private readonly log = new Logger('EventBus');
  private readonly postgres: Line;
  private readonly redis?: Line;
  private readonly lines: readonly Line[];
  private readonly unconfirmed = new Unconfirmed();
  private beating?: NodeJS.Timeout;
  private ticks = 0;
  private wasDisturbed = false;
  private unreported?: string;

  constructor(
    { postgres, redis }: Transports,
    private readonly listener: Pick<LineListener, 'heard' | 'disturbed'>,
    now: () => number,
  ) {
    const own: LineListener = {
      heard: (events) => listener.heard(events),
      heardOwnChange: (number) => this.unconfirmed.heard(number),
      disturbed: (reason) => this.disturbed(reason),
    };
    this.postgres = new Line(postgres, this.id, own, now);
    if (redis) this.redis = new Line(redis, this.id, own, now);
    this.lines = this.redis ? [this.postgres, this.redis] : [this.postgres];
  }

  /** @throws where PostgreSQL cannot be reached */
  async open(): Promise<void> {
    const [hearsItself] = await Promise.all(this.lines.map((line) => line.open(PATIENCE_MS)));
    if (!hearsItself) {
      this.log.error(
        'The connection that listens to PostgreSQL does not hear its own notifications. Behind PgBouncer, ' +
          'DATABASE_LISTEN_URL has to lead to PostgreSQL directly. Until it hears them every session is looked up each second.',
      );
    }
    this.beating = setInterval(() => this.tick(), BEAT_MS);
  }

  /** Sends what waits, says goodbye, disconnects. */
  async close(): Promise<void> {
    clearInterval(this.beating);
    await Promise.all(this.lines.map((line) => line.close(PATIENCE_MS)));
  }

  /** @see EventBus.freshSince */
  freshSince(): number | undefined {
    return this.postgres.freshSince();
  }

  /** @see EventBus.isFresh */
  isFresh(): boolean {
    return this.unreported === undefined && this.lines.every((line) => line.freshSince() !== undefined);
  }

  /** Puts the rare events into the transaction that makes them true. */
  async prepare(events: readonly AnyEvent[], tx: InTransaction): Promise<void> {
    const rare = events.filter(({ name }) => !isFrequent(name)).map(encodeEvent);
    if (rare.length === 0) return;
    const { letters, tooLong } = cut(rare, MAX_NOTIFY_BYTES);
    if (tooLong.length > 0) throw new Error(`an event is too long to be told: ${tooLong[0]?.slice(0, 100)}`);
    const n = this.unconfirmed.prepared(events);
    await tx.query(NOTIFY, [letters.map((some) => encodeLetter({ kind: 'change', from: this.id, n }, some))]);
  }

  /** Sends the frequent ones of these events, unless nobody is there. `prepare` has had the others. */
  send(events: readonly AnyEvent[]): void {
    this.unconfirmed.published(events);
    const frequent = events.filter(({ name }) => isFrequent(name));
    if (frequent.length === 0) return;
    if (this.isAlone) for (const line of this.lines) line.skip();
    else this.lineForAll().send(frequent);
  }

  private get isAlone(): boolean {
    return this.lines.every(({ peers }) => peers.isEmpty);
  }

  /** Redis, while it carries our own letters and everyone who is heard on PostgreSQL is on it too. */
  private lineForAll(): Line {
    const { redis, postgres } = this;
    return redis?.freshSince() !== undefined && redis.peers.includes(postgres.peers) ? redis : postgres;
  }

  private tick(): void {
    for (const line of this.lines) line.tick();
    this.listener.heard(this.unconfirmed.tick());
    this.wasDisturbed = false;
    const reason = ++this.ticks === NEWCOMER_TICKS ? 'this process has just started' : this.unreported;
    this.unreported = undefined;
    if (reason !== undefined) this.disturbed(reason);
  }

  /** Told at once, but at most once per beat: one trouble shows in many ways, and each costs its hearers a comparison. */
  private disturbed(reason: string): void {
    if (this.wasDisturbed) {
      this.unreported = reason;
      return;
    }
    this.wasDisturbed = true;
    this.log.debug(`hints may be missing: ${reason}`);
    this.listener.disturbed(reason);
  }
}
