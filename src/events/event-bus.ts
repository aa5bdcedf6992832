import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { AnyEvent, EventMap, EventName } from './events.js';
import { BusTopic, type InTransaction, type BusTransports } from './bus-topic.js';

export type { AnyEvent, EventMap, EventName } from './events.js';

type Handler<K extends EventName> = (data: EventMap[K]) => void;

/**
 * Calls the handlers in this process, and in every other process on the same database, with events that were committed. An
 * event is only a hint: it may be lost, arrive late or arrive twice, so a handler must be able to read the truth from the
 * database.
 */
export class EventBus implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(EventBus.name);
  private readonly handlers = new Map<EventName, Handler<EventName>[]>();
  private readonly possibleLossHandlers: ((reason: string) => void)[] = [];
  private readonly topic?: BusTopic;

  /** @param transports without them no events are sent to other processes, or received from them */
  constructor(transports?: BusTransports, now: () => number = () => performance.now()) {
    if (!transports) return;
    const received = (events: readonly AnyEvent[]): void => this.handle(events);
    const possibleLoss = (reason: string): void =>
      this.possibleLossHandlers.forEach((handler) => this.guard(() => handler(reason), 'possible losses'));
    this.topic = new BusTopic(transports, { received, possibleLoss }, now);
  }

  /** By now the handlers were registered, in constructors, and the HTTP server does not listen yet. */
  async onModuleInit(): Promise<void> {
    await this.topic?.open();
  }

  /** By now the HTTP server is closed: every event of a request was published, and is sent before the bus disconnects. */
  async onApplicationShutdown(): Promise<void> {
    await this.topic?.close();
  }

  on<K extends EventName>(name: K, handler: Handler<K>): void {
    const handlers = this.handlers.get(name) ?? [];
    handlers.push(handler as Handler<EventName>);
    this.handlers.set(name, handlers);
  }

  /**
   * Calls `handler` when events of other processes may be lost: a number is missing, a process went silent, a connection
   * was lost. The handler should then compare its state with the database. At most twice a second; while a link delivers
   * nothing, every 2 s. The reason is for logs and people.
   */
  onPossibleLoss(handler: (reason: string) => void): void {
    this.possibleLossHandlers.push(handler);
  }

  /** The unit of work calls this in the transaction that makes these events true, right before COMMIT. */
  async prepare(events: readonly AnyEvent[], tx: InTransaction): Promise<void> {
    await this.topic?.prepare(events, tx);
  }

  /**
   * Calls every handler of each event, in order, and sends other processes the events that `prepare` did not. If a handler
   * throws, the error is logged and the other handlers are called all the same.
   */
  publish(events: readonly AnyEvent[]): void {
    this.handle(events);
    this.topic?.send(events);
  }

  /**
   * Since when (by performance.now()) this process has received every transactional event; undefined while that is unknown,
   * because no own envelope arrived for a second. (A best-effort event that is missed leads to a possible loss.)
   */
  healthySince(): number | undefined {
    return this.topic ? this.topic.healthySince() : 0;
  }

  /** Whether every event that others sent until a second ago was received, or its possible loss was reported. */
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
