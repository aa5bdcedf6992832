import { Global, Module } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { EventBus } from './event-bus.js';
import type { BusTransports } from './bus-topic.js';
import { PostgresTransport } from './postgres.transport.js';
import { RedisTransport } from './redis.transport.js';

@Global()
@Module({
  providers: [
    {
      provide: EventBus,
      inject: [Settings],
      useFactory: (settings: Settings) => new EventBus(transportsOf(settings)),
    },
  ],
  exports: [EventBus],
})
export class EventsModule {}

function transportsOf({
  bus,
  databaseUrl,
  databaseListenUrl = databaseUrl,
  redisUrl,
  jwtSecret,
}: Settings): BusTransports | undefined {
  if (bus === 'off') return undefined;
  const postgres = new PostgresTransport(databaseListenUrl);
  return redisUrl === undefined ? { postgres } : { postgres, redis: new RedisTransport(redisUrl, jwtSecret) };
}
