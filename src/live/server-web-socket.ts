import { WebSocket } from 'ws';

/** Handles what happens to a connection. */
export interface WebSocketHandler {
  received(data: Buffer, isBinary: boolean): void;
  ponged(): void;
  closed(): void;
}

/**
 * The server's end of a WebSocket, with one handler for all events. Listeners of each event take 300 bytes more:
 * closures, and the table that they stand in.
 */
export class ServerWebSocket extends WebSocket {
  handler: WebSocketHandler | undefined;

  /** Errors have no listener: `ws` closes the socket and says why. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message') this.handler?.received(args[0] as Buffer, args[1] as boolean);
    else if (event === 'pong') this.handler?.ponged();
    else if (event === 'close') this.handler?.closed();
    return true;
  }
}
