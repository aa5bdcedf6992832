import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { backoffMs } from './backoff.js';
import type { BusTransport, BusTransportHandlers } from './bus-transport.js';

/**
 * The client queues nothing and sends nothing twice: the bus knows better what to do without a connection. Without retries
 * a command in flight fails when its connection ends; with them ioredis would never report it.
 */
const OPTIONS: RedisOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  connectTimeout: 5000,
  keepAlive: 10_000,
  retryStrategy: backoffMs,
};

/** Publish and subscribe on one channel of Redis or Valkey, with a connection for each. Up while both are. */
export class RedisTransport implements BusTransport {
  readonly name: string = 'Redis';
  readonly maxBytes: number = 65_536;
  readonly paceMs: number = 5; // an envelope costs less than with PostgreSQL
  private readonly log = new Logger('EventBus');
  private readonly topic: string;
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private handlers?: BusTransportHandlers;
  private isSubscribed = false;
  private isUp = false;

  /** @param installation a secret that all processes on one database share and no other has: one Redis may serve several installations */
  constructor(url: string, installation: string) {
    this.topic = `parley:${createHash('sha256').update(`bus ${installation}`).digest('hex').slice(0, 16)}`;
    this.publisher = new Redis(url, { ...OPTIONS, connectionName: 'parley-bus-publish' });
    this.subscriber = new Redis(url, { ...OPTIONS, connectionName: 'parley-bus-subscribe' });
  }

  /** If Redis cannot be reached it only warns: PostgreSQL carries all events meanwhile. */
  async open(handlers: BusTransportHandlers): Promise<void> {
    this.handlers = handlers;
    this.subscriber.on('message', (_channel: string, envelope: string) => handlers.received(envelope));
    this.subscriber.on('ready', () => void this.subscribe());
    this.publisher.on('ready', () => this.check());
    for (const connection of [this.publisher, this.subscriber]) {
      connection.on('error', () => undefined); // `close` follows
      connection.on('close', () => this.connectionLost(connection));
    }
    try {
      await Promise.all([this.publisher.connect(), this.subscriber.connect()]);
    } catch (error) {
      this.log.warn(`Redis cannot be reached (${(error as Error).message}); trying again`);
    }
  }

  async send(envelopes: readonly string[]): Promise<void> {
    const pipeline = this.publisher.pipeline();
    for (const envelope of envelopes) pipeline.publish(this.topic, envelope);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }

  reconnect(): void {
    for (const connection of [this.publisher, this.subscriber]) if (this.isUp) connection.disconnect(true);
  }

  async close(): Promise<void> {
    this.handlers = undefined;
    this.publisher.disconnect();
    this.subscriber.disconnect();
    await Promise.resolve();
  }

  private async subscribe(): Promise<void> {
    try {
      await this.subscriber.subscribe(this.topic);
    } catch {
      return; // the connection was lost again
    }
    this.isSubscribed = true;
    this.check();
  }

  private connectionLost(connection: Redis): void {
    if (connection === this.subscriber) this.isSubscribed = false;
    this.check();
  }

  private check(): void {
    const isUp = this.isSubscribed && this.publisher.status === 'ready';
    if (isUp === this.isUp) return;
    this.isUp = isUp;
    if (!this.handlers) return;
    if (isUp) {
      this.log.log('publishing through Redis');
      this.handlers.up();
    } else {
      this.log.warn('Redis is lost; connecting again');
      this.handlers.down();
    }
  }
}
