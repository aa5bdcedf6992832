import pg from 'pg';
import { StartupError } from '../common/startup-error.js';

const TIMEOUT_MS = 5000;

/** Whether the database can be used at all, so that one that cannot is told in a line instead of by the first query. @throws StartupError */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS });
  client.on('error', () => undefined); // told by what is awaited
  const encoding = await encodingOf(client).catch((error: unknown) => {
    throw new StartupError(`the database at ${locationOf(url)} cannot be used: ${reasonOf(error)}. See DATABASE_URL.`);
  });
  if (encoding === 'UTF8') return;
  throw new StartupError(`the database at ${locationOf(url)} has the encoding ${encoding}, and Parley needs UTF8`);
}

async function encodingOf(client: pg.Client): Promise<string | undefined> {
  try {
    await client.connect();
    const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
    return rows[0]?.server_encoding;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The address without user and password, which have no place in a log. */
function locationOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** Where a name has several addresses, node reports an error for each, inside one without a message. */
function reasonOf(error: unknown): string {
  const { errors, message } = error as { errors?: Error[]; message?: string };
  return (errors?.[0]?.message ?? message) || String(error);
}
