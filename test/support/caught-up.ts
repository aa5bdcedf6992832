import type { LiveClient } from './live-client.js';
import type { Person } from './person.js';

/** A socket whose backlog is through. */
export async function caughtUp(person: Person, options: Parameters<Person['connect']>[0] = {}): Promise<LiveClient> {
  const socket = await person.connect(options);
  await socket.next('ready');
  return socket;
}
