import type { LiveClient } from './live-client.js';
import type { Person } from './person.js';

/** A socket that is caught up: it has received its backlog. */
export async function caughtUp(person: Person, options: Parameters<Person['connect']>[0] = {}): Promise<LiveClient> {
  const socket = await person.connect(options);
  await socket.next('ready');
  return socket;
}
