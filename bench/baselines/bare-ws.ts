// The least that a WebSocket server in Node can do: whatever a socket says is a message to all sockets, stringified
// once and sent with ws.send, and is answered to who sent it. Nothing is stored, nobody is asked who they are.
import { createServer } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { listen } from './listen.js';

const server = createServer();
const sockets = new Set<WebSocket>();
let seq = 0;

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('message', (data: Buffer) => {
    const { ref, sender, recipient, text } = JSON.parse(data.toString()) as Record<string, unknown>;
    const message = { id: `${String(recipient)}.${++seq}`, seq, sender, recipient, text, sentAt: new Date() };
    const frame = JSON.stringify({ type: 'message', message });
    for (const one of sockets) one.send(frame);
    socket.send(JSON.stringify({ type: 'reply', ref, status: 201, message }));
  });
});
listen(server);
