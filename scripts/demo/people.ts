import { randomBytes } from 'node:crypto';
import { Parley, ParleyError, type Schemas } from '../../sdk/src/index.js';
import type { Service } from './service.js';

/** Somebody of the demo: a user of their own, signed in. */
export interface DemoPerson {
  readonly name: string;
  readonly user: Schemas['User'];
  readonly api: Parley;
}

/** New users with these names: made with the application's key where that holds, else registered as anyone may. */
export async function makePeople(service: Service, names: readonly string[]): Promise<DemoPerson[]> {
  const guest = new Parley({ baseUrl: service.url });
  const app = service.key === undefined ? undefined : guest.with({ apiKey: service.key });
  const suffix = randomBytes(3).toString('hex');
  return Promise.all(
    names.map(async (name) => {
      const username = `${name.toLowerCase()}.${suffix}`;
      const made = app && (await byApplication(app, username, name));
      const { user, tokens } = made ?? (await byRegistering(guest, username, name));
      return { name, user, api: guest.with({ tokens }) };
    }),
  );
}

interface Made {
  readonly user: Schemas['User'];
  readonly tokens: Schemas['Tokens'];
}

/** Undefined where the key is another server's. */
async function byApplication(app: Parley, username: string, displayName: string): Promise<Made | undefined> {
  try {
    const user = await app.createUser({ username, displayName });
    return { user, tokens: await app.createUserSession({ address: user.id }) };
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'not-signed-in') return undefined;
    throw error;
  }
}

async function byRegistering(guest: Parley, username: string, displayName: string): Promise<Made> {
  const password = randomBytes(12).toString('hex');
  const user = await guest.createUser({ username, displayName, password });
  return { user, tokens: await guest.createSession({ username, password }) };
}
