import { Injectable, Logger } from '@nestjs/common';
import type { AnyEvent, EventMap, EventName } from './events.js';

export type { AnyEvent, EventMap, EventName } from './events.js';

/** Runs statements inside the transaction that is about to commit. */
interface InTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

type Handler<K extends EventName> = (data: EventMap[K]) => void;

/**
 * Tells the handlers of this process what has been committed. Only a hint: an event may be lost, so whoever
 * listens must be able to find the truth in the database.
 */
@Injectable()
export class EventBus {
  private readonly log = new Logger(EventBus.name);
  private readonly handlers = new Map<EventName, Handler<EventName>[]>();

  /** Called by the unit of work in the transaction that makes these events true, right before COMMIT. */
  async prepare(_events: readonly AnyEvent[], _tx: InTransaction): Promise<void> {}

  /** Calls every handler of each event, in order. A handler that throws is logged and disturbs nobody. */
  publish(events: readonly AnyEvent[]): void {
    for (const { name, data } of events) {
      for (const handler of this.handlers.get(name) ?? []) {
        try {
          handler(data);
        } catch (error) {
          this.log.error(`a handler of ${name} failed`, (error as Error).stack);
        }
      }
    }
  }

  /**
   * Since when (by performance.now()) no event can have been missed; undefined while events may be missed. Within one
   * process none ever is.
   */
  freshSince(): number | undefined {
    return 0;
  }

  on<K extends EventName>(name: K, handler: Handler<K>): void {
    const handlers = this.handlers.get(name) ?? [];
    handlers.push(handler as Handler<EventName>);
    this.handlers.set(name, handlers);
  }
}
