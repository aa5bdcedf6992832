import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { CallerRequest } from '../common/caller.js';

/** Node's own request, which every HTTP engine passes on, with what the server knows of it. */
export interface Exchange extends IncomingMessage, CallerRequest {
  requestId?: string;
}

/** A client's own id is taken over where it is short and harmless in a log line and a header. */
const SANE_REQUEST_ID = /^[\w.:-]{1,64}$/;

const log = new Logger('http');

/** Runs before the HTTP engine: gives every answer its request id and its general headers, and every request a log line. */
export function watchExchanges(server: Server): void {
  server.prependListener('request', (request: Exchange, response: ServerResponse) => {
    const startedAt = performance.now();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
    request.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    if (request.url?.startsWith('/v1/')) response.setHeader('Cache-Control', 'no-store');
    response.once('close', () => log.log(accessLine(request, response, performance.now() - startedAt)));
  });
}

/** The query is left out: a search is somebody's name. */
function accessLine(request: Exchange, response: ServerResponse, ms: number): object {
  const { caller } = request;
  return {
    method: request.method,
    path: request.url?.split('?', 1)[0],
    status: response.writableFinished ? response.statusCode : 'aborted',
    ms: Math.round(ms * 10) / 10,
    requestId: request.requestId,
    ...(caller?.userId && { userId: caller.userId }),
    ...(caller?.application && { keyId: caller.application.keyId }),
  };
}
