import type { ServerResponse } from 'node:http';
import { methodNotAllowed, noSuchRoute } from '../common/problems.js';
import { answerProblem, type IdentifiedRequest } from '../http/problem.filter.js';
import { allowedMethods } from '../openapi/contract.js';

interface ExpressRequest extends IdentifiedRequest {
  /** `url` as it came, also below a path that this is mounted at. */
  readonly originalUrl: string;
}

/**
 * The last middleware of Express: no route has taken the request. A path that exists is told apart by its methods:
 * OPTIONS lists them, any other that is not among them is 405.
 */
export function answerUnrouted(request: ExpressRequest, response: ServerResponse): void {
  const { originalUrl, method = '' } = request;
  const methods = allowedMethods(originalUrl.split('?', 1)[0]!);
  if (methods.length === 0 || methods.includes(method)) return answerProblem(noSuchRoute(), request, response);
  response.setHeader('Allow', [...methods, 'OPTIONS'].join(', '));
  if (method !== 'OPTIONS') return answerProblem(methodNotAllowed(), request, response);
  response.statusCode = 204;
  response.end();
}

/** Express's error handler, which it knows by its four parameters: a path that cannot be decoded. */
export function answerUnreadable(
  error: unknown,
  request: ExpressRequest,
  response: ServerResponse,
  _next: unknown,
): void {
  answerProblem(error, request, response);
}
