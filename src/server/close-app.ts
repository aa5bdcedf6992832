import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';

/** Requests get this long to end; docker stop waits for 10 s in all. */
const GRACE_MS = 5000;
const IDLE_CHECK_MS = 100;

/** Stops accepting, lets requests end, closes. A connection that is kept alive would otherwise hold the server until it times out. */
export async function closeApp(app: INestApplication): Promise<void> {
  const server = app.getHttpServer() as Server;
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}
