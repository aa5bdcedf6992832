import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { AnyEvent, EventMap, EventName } from './events.js';
import { BusTopic, type InTransaction, type BusTransports } from './bus-topic.js';

export type { AnyEvent, EventMap, EventName } from './events.js';

type Handler<K extends EventName> = (data: EventMap[K]) => void;

/**
 * Tells the handlers of this process, and of every other on the same database, what has been committed. Only a hint: an
 * event may be lost, come late or twice, so whoever listens must be able to find the truth in the database.
 */
export class EventBus implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(EventBus.name);
  private readonly handlers = new Map<EventName, Handler<EventName>[]>();
  private readonly possibleLossHandlers: ((reason: string) => void)[] = [];
  private readonly topic?: BusTopic;

  /** @param transports without them nothing is told to other processes, or heard of them */
  constructor(transports?: BusTransports, now: () => number = () => performance.now()) {
    if (!transports) return;
    const received = (events: readonly AnyEvent[]): void => this.handle(events);
    const possibleLoss = (reason: string): void =>
      this.possibleLossHandlers.forEach((handler) => this.guard(() => handler(reason), 'disturbances'));
    this.topic = new BusTopic(transports, { received, possibleLoss }, now);
  }

  /** Handlers have registered by then, in constructors, and the HTTP server does not listen yet. */
  async onModuleInit(): Promise<void> {
    await this.topic?.open();
  }

  /** The HTTP server has closed by then: everything that a request caused has been published, and is sent first. */
  async onApplicationShutdown(): Promise<void> {
    await this.topic?.close();
  }

  on<K extends EventName>(name: K, handler: Handler<K>): void {
    const handlers = this.handlers.get(name) ?? [];
    handlers.push(handler as Handler<EventName>);
    this.handlers.set(name, handlers);
  }

  /**
   * Calls `handler` when events may not have been heard: a number is missing, a process has fallen silent, a connection
   * was lost. What follows the log should then compare what it knows with the database. At most twice a second; while
   * the connection is down, again every two. The reason is for people.
   */
  onPossibleLoss(handler: (reason: string) => void): void {
    this.possibleLossHandlers.push(handler);
  }

  /** Called by the unit of work in the transaction that makes these events true, right before COMMIT. */
  async prepare(events: readonly AnyEvent[], tx: InTransaction): Promise<void> {
    await this.topic?.prepare(events, tx);
  }

  /**
   * Calls every handler of each event, in order, and tells other processes what `prepare` has not. A handler that throws
   * is logged and disturbs nobody.
   */
  publish(events: readonly AnyEvent[]): void {
    this.handle(events);
    this.topic?.send(events);
  }

  /**
   * Since when (by performance.now()) no rare event can have been missed; undefined while it is not known, since a
   * envelope of our own was not heard for a second. (A frequent one that is missed shows as a disturbance.)
   */
  healthySince(): number | undefined {
    return this.topic ? this.topic.healthySince() : 0;
  }

  /** Whether everything that others told until a second ago, rare or frequent, was heard, or has been a disturbance. */
  isHealthy(): boolean {
    return this.topic?.isHealthy() ?? true;
  }

  private handle(events: readonly AnyEvent[]): void {
    for (const { name, data } of events) {
      for (const handler of this.handlers.get(name) ?? []) this.guard(() => handler(data), name);
    }
  }

  private guard(call: () => void, what: string): void {
    try {
      call();
    } catch (error) {
      this.log.error(`a handler of ${what} failed`, (error as Error).stack);
    }
  }
}
