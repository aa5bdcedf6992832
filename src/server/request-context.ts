import { randomUUID } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { CallerRequest } from '../common/caller.js';
import type { IdentifiedRequest } from '../http/problem.filter.js';

/** A request, with what the server knows of it. */
interface RequestContext extends IdentifiedRequest, CallerRequest {}

/** A client's own id is taken over if it is short and harmless in a log line and a header. */
const SANE_REQUEST_ID = /^[\w.:-]{1,64}$/;

const log = new Logger('http');

/**
 * How long an idle connection is kept, and how long a request may take to come whole, in milliseconds. Proxies keep idle
 * connections for 60 s; a server that ends them sooner makes them lose a request now and then.
 */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_MS = 60_000;

export function setTimeouts(server: Server): void {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = REQUEST_MS;
}

/** The first middleware of Express: gives every answer its request id and general headers, and, if asked, every request a log line. */
export const requestContext =
  (logs: boolean) =>
  (request: RequestContext, response: ServerResponse, next: () => void): void => {
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
    request.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    if (request.url?.startsWith('/v1/')) response.setHeader('Cache-Control', 'no-store');
    if (logs) logWhenClosed(request, response);
    next();
  };

function logWhenClosed(request: RequestContext, response: ServerResponse): void {
  const startedAt = performance.now();
  const path = request.url?.split('?', 1)[0]; // the query is left out: a search is somebody's name
  response.once('close', () => log.log(accessLine(request, response, path, performance.now() - startedAt)));
}

function accessLine(request: RequestContext, response: ServerResponse, path = '', ms: number): object {
  const { method, requestId, caller } = request;
  return {
    method,
    path,
    status: response.writableFinished ? response.statusCode : 'aborted',
    ms: Math.round(ms * 10) / 10,
    requestId,
    ...(caller?.userId && { userId: caller.userId }),
    ...(caller?.application && { keyId: caller.application.keyId }),
  };
}
