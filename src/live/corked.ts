import type { Socket } from 'node:net';

let waiting: Socket[] = [];
const known = new Set<Socket>();

/** Holds back what is written to the socket in this turn of the event loop; then it goes out in one system call. */
export function corked(socket: Socket): void {
  if (known.has(socket)) return;
  known.add(socket);
  socket.cork();
  waiting.push(socket);
  if (waiting.length === 1) process.nextTick(uncorkAll);
}

function uncorkAll(): void {
  const sockets = waiting;
  waiting = [];
  known.clear();
  for (const socket of sockets) socket.uncork();
}
