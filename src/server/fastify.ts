import type { ServerResponse } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { CallerRequest } from '../common/caller.js';
import { problemDetails, PROBLEM_TYPE } from '../common/problem-details.dto.js';
import { malformed } from '../common/problems.js';
import type { Exchange } from './request-context.js';
import { MAX_BODY_BYTES, parseJsonBody } from './json-body.js';

/** The longest address, `ext:` and 128 characters, each percent-encoded. */
const MAX_PATH_PARAMETER = 400;

type Reply = FastifyAdapter['reply'];

/** To JSON, Fastify adds a charset, which `application/problem+json` does not have (RFC 9457); bytes go out as what they are said to be. */
class PlainFastify extends FastifyAdapter {
  override reply(response: Parameters<Reply>[0], body: unknown, status?: number): ReturnType<Reply> {
    const isProblem = (response as ServerResponse).getHeader('Content-Type') === PROBLEM_TYPE;
    return super.reply(response, isProblem ? Buffer.from(JSON.stringify(body)) : body, status);
  }
}

/** Fastify, reading bodies as the other engine does. */
export function fastifyAdapter(): FastifyAdapter {
  const adapter = new PlainFastify({
    bodyLimit: MAX_BODY_BYTES,
    return503OnClosing: false, // else it refuses what comes while requests end, and not with a problem
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER, ignoreTrailingSlash: true },
    // The router refuses a path before Nest sees the request.
    frameworkErrors: (_error: Error, request: { raw: Exchange }, reply: { raw: ServerResponse; hijack(): unknown }) => {
      reply.hijack();
      const text = JSON.stringify(problemDetails(malformed(), request.raw.requestId));
      reply.raw.writeHead(malformed.status, { 'Content-Type': PROBLEM_TYPE }).end(text);
    },
  });
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseJsonBody(request.headers, body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  // The guard writes the caller on Fastify's request; the access log reads it from node's.
  fastify.decorateRequest('caller', {
    getter() {
      return (this.raw as CallerRequest).caller;
    },
    setter(caller: CallerRequest['caller']) {
      (this.raw as CallerRequest).caller = caller;
    },
  });
  return adapter;
}
