import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Program } from './program.js';

/** Collects a program's garbage, so that its memory is what it needs: https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/ */
export async function collectGarbage({ inspector }: Program): Promise<void> {
  if (inspector === undefined) throw new Error('the program was not started with --inspect');
  const socket = new WebSocket(inspector);
  await once(socket, 'open');
  for (const id of [1, 2]) {
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' })); // the second frees what the first finalised
    await once(socket, 'message');
  }
  socket.close();
  await once(socket, 'close');
}
