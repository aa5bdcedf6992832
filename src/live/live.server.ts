import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WebSocketServer } from 'ws';
import type { Credentials } from '../http/caller.guard.js';
import type { Caller } from '../common/caller.js';
import { problemDetails } from '../common/problem-details.dto.js';
import { Problem } from '../common/problem.js';
import { malformed, noSuchRoute, unavailable } from '../common/problems.js';
import { Close } from './close.js';
import { LiveServices } from './live.services.js';
import { LiveSocket } from './live.socket.js';
import { ServerWebSocket } from './server-web-socket.js';

const PATH = '/v1/live';
export const SUBPROTOCOL = 'parley.v1';
const BEARER = 'bearer.';
/** The largest frame, a `resume`. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
const TICK_MS = 1_000;
const TICKS_PER_PING = 30;
/** How long clients have to answer the closing of their sockets when the server stops, or to read a refusal. */
const CLOSE_MS = 1_000;

/**
 * `GET /v1/live`: plain `ws` on the HTTP server's own upgrade, so that the caller is authenticated before the 101. One
 * timer serves all sockets.
 */
@Injectable()
export class LiveServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sockets = new Set<LiveSocket>();
  private readonly webSockets = new WebSocketServer({
    noServer: true,
    WebSocket: ServerWebSocket,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD_BYTES,
    handleProtocols: () => SUBPROTOCOL, // never the token that stands beside it
  });
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private isClosing = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly services: LiveServices,
  ) {
    const { revocations } = services.authenticator;
    revocations.onRevoked((isRevoked) => this.closeWhere(isRevoked));
    revocations.onDoubt(() => this.sockets.forEach((socket) => void socket.recheck()));
  }

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.on(
      'upgrade',
      (request: IncomingMessage, tcp: Socket, head: Buffer) => void this.upgrade(request, tcp, head),
    );
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.close(Close.goingAway, 'the server stops');
    const until = performance.now() + CLOSE_MS;
    while (this.sockets.size > 0 && performance.now() < until) await sleep(10);
    for (const socket of this.sockets) socket.terminate();
  }

  private async upgrade(request: IncomingMessage, tcp: Socket, head: Buffer): Promise<void> {
    const abandon = (): void => void tcp.destroy();
    tcp.on('error', abandon);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    const token = offered.find((one) => one.startsWith(BEARER))?.slice(BEARER.length);
    const credentials = credentialsOf(request, token);
    try {
      if (this.isClosing) throw unavailable('The server stops.');
      if (request.url?.split('?', 1)[0] !== PATH) throw noSuchRoute();
      if (!offered.includes(SUBPROTOCOL)) throw malformed(`Offer the subprotocol ${SUBPROTOCOL}.`);
      const caller = await this.identify(credentials, token !== undefined);
      tcp.off('error', abandon);
      this.webSockets.handleUpgrade(request, tcp, head, (ws) => {
        if (caller) this.accept(ws, tcp, caller, credentials);
        else ws.close(Close.notSignedIn, 'the token does not hold');
      });
    } catch (error) {
      this.refuse(tcp, error);
    }
  }

  /** The caller; undefined if a browser's token is not valid, since a browser is not shown the refusal. */
  private async identify(credentials: Credentials, isBrowser: boolean): Promise<Caller | undefined> {
    try {
      return await this.services.authenticator.authenticate(credentials);
    } catch (error) {
      if (isBrowser && error instanceof Problem && error.kind.status === 401) return undefined;
      throw error;
    }
  }

  /** Registers the socket first and authenticates again, so that a session that ended in between is refused as well. */
  private accept(ws: ServerWebSocket, tcp: Socket, caller: Caller, credentials: Credentials): void {
    const shown = caller.application && credentials;
    const socket = new LiveSocket(ws, tcp, caller, shown, this.services, this.sockets);
    ws.handler = socket;
    void socket.recheck();
  }

  /** Answers before the 101, as any route does. The HTTP server's timeouts do not apply to a connection that it has handed over. */
  private refuse(tcp: Socket, error: unknown): void {
    tcp.resume(); // or node would not notice that the client has gone
    setTimeout(() => tcp.destroy(), CLOSE_MS).unref();
    const problem = this.services.problemFrom(error, 'an upgrade');
    const { status } = problem.kind;
    const requestId = randomUUID();
    const body = JSON.stringify(problemDetails(problem, requestId));
    tcp.end(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        'Content-Type: application/problem+json',
        `Content-Length: ${Buffer.byteLength(body)}`,
        `X-Request-Id: ${requestId}`,
        ...(status === 401 ? ['WWW-Authenticate: Bearer realm="parley"'] : []),
        ...(status === 503 ? ['Retry-After: 1'] : []),
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  }

  private closeWhere(isConcerned: (caller: Caller) => boolean): void {
    for (const socket of this.sockets) {
      if (isConcerned(socket.caller)) socket.close(Close.notSignedIn, 'signed out');
    }
  }

  private tick(): void {
    this.ticks = (this.ticks + 1) % TICKS_PER_PING;
    const now = Date.now();
    for (const socket of this.sockets) {
      socket.checkDeadlines(now);
      if (this.ticks === 0) socket.ping();
    }
  }
}

function credentialsOf({ headers }: IncomingMessage, bearer: string | undefined): Credentials {
  const { 'x-api-key': apiKey, 'on-behalf-of': onBehalfOf } = headers as Record<string, string | undefined>;
  return { authorization: headers.authorization, bearer, apiKey, onBehalfOf };
}
