import { createServer, IncomingMessage, ServerResponse, type RequestListener } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import { readJsonBody } from './json-body.js';

type Next = (error?: unknown) => void;

/**
 * Express without what the API does not use, which costs a third of a request's processor time: no ETag, no
 * X-Powered-By, node's own query parser, and JSON answers written at once instead of through `res.json`.
 */
export class LeanExpress extends ExpressAdapter {
  constructor() {
    super();
    this.set('etag', false);
    this.disable('x-powered-by');
    this.set('query parser', 'simple');
    this.use((request: IncomingMessage & { body?: object }, _response: ServerResponse, next: Next) => {
      readJsonBody(request).then((body) => {
        request.body = body;
        next();
      }, next);
    });
  }

  /**
   * Express gives each request and answer its own prototype, and V8 then forgets what it knew of their shape. Where they
   * are born with it, nothing changes: 190 µs of processor time a send instead of 320 (one run, interleaved).
   */
  override initHttpServer(): void {
    class Request extends IncomingMessage {}
    class Response<R extends IncomingMessage> extends ServerResponse<R> {}
    const app = this.getInstance<RequestListener & { request: object; response: object }>();
    Object.setPrototypeOf(Request.prototype, app.request);
    Object.setPrototypeOf(Response.prototype, app.response);
    app.request = Request.prototype;
    app.response = Response.prototype;
    this.httpServer = createServer({ IncomingMessage: Request, ServerResponse: Response }, app);
  }

  override reply(response: ServerResponse, body: unknown, status?: number): void {
    if (status !== undefined) response.statusCode = status;
    if (body === undefined || body === null) {
      response.end();
      return;
    }
    const text = JSON.stringify(body);
    if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.end(text);
  }

  /** Nest would answer for the global prefix only, and leave the rest to Express's own HTML page. */
  override setNotFoundHandler(handler: (request: unknown, response: unknown, next: Next) => void): unknown {
    return this.use(handler);
  }
}
