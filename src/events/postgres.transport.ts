import { Logger } from '@nestjs/common';
import pg from 'pg';
import { backoffMs } from './backoff.js';
import type { BusTransport, BusTransportHandlers } from './bus-transport.js';

const TOPIC = 'parley';

/** PostgreSQL takes less than 8000 bytes. https://www.postgresql.org/docs/current/sql-notify.html */
export const MAX_NOTIFY_BYTES = 7999;

/**
 * A NOTIFY costs its sender, PostgreSQL and every receiver much the same, however many events are in it. Two processes that
 * deliver to each other reach this share of the sends per second that they reach without a bus: 0.73 with 5 ms, 0.81 with
 * 10, 0.9 with 20 (medians of 0.88 and 0.95).
 */
const PACE_MS = 20;

/** Notifies `$1`, an array of envelopes, in its order. In a transaction, they go out with its COMMIT. */
export const NOTIFY = `SELECT pg_notify('${TOPIC}', envelope) FROM unnest($1::text[]) AS envelope`;

const CONNECT_TIMEOUT_MS = 5000;

/**
 * LISTEN and NOTIFY on one connection of its own, so that a process that cannot send does not receive either. Never on the
 * pool, and never in a transaction that stores messages: a COMMIT with NOTIFY takes a lock that all such commits share.
 */
export class PostgresTransport implements BusTransport {
  readonly name: string = 'PostgreSQL';
  readonly maxBytes: number = MAX_NOTIFY_BYTES;
  readonly paceMs: number = PACE_MS;
  private readonly log = new Logger('EventBus');
  private handlers?: BusTransportHandlers;
  private client?: pg.Client;
  private retry?: NodeJS.Timeout;
  private isClosed = false;

  constructor(private readonly url: string) {}

  /** @throws if PostgreSQL cannot be reached now: the pool could not connect either */
  async open(handlers: BusTransportHandlers): Promise<void> {
    this.handlers = handlers;
    await this.connect();
  }

  async send(envelopes: readonly string[]): Promise<void> {
    if (!this.client) throw new Error('not connected');
    await this.client.query({ name: 'events.notify', text: NOTIFY, values: [envelopes] });
  }

  reconnect(): void {
    if (this.client) this.connectionLost(this.client, 'delivers nothing');
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'parley bus',
      // A single NOTIFY is a transaction, whose COMMIT would wait for the disk; the rows it is about are already there.
      options: '-c synchronous_commit=off',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    client.on('error', () => undefined); // `end` follows
    client.on('notification', ({ payload }) => this.handlers?.received(payload ?? ''));
    client.once('end', () => this.connectionLost(client, 'has ended'));
    try {
      await client.connect();
      await client.query(`LISTEN ${TOPIC}`);
    } catch (error) {
      discard(client);
      throw error;
    }
    if (this.isClosed) return discard(client);
    this.client = client;
    this.handlers?.up();
  }

  /** Does its work once per connection, whatever ended it. */
  private connectionLost(client: pg.Client, why: string): void {
    if (client !== this.client) return;
    this.client = undefined;
    discard(client);
    this.log.warn(`the connection that listens to PostgreSQL ${why}; connecting again`);
    this.handlers?.down();
    this.connectLater(1);
  }

  private connectLater(attempt: number): void {
    this.retry = setTimeout(() => {
      if (this.isClosed) return;
      this.connect().then(
        () => this.log.log('listening to PostgreSQL again'),
        () => this.connectLater(attempt + 1),
      );
    }, backoffMs(attempt));
  }
}

/** Does not wait: if the other side has vanished, it never confirms the end of the connection. */
function discard(client: pg.Client): void {
  client.removeAllListeners('notification');
  void client.end().catch(() => undefined);
}
