import type { IncomingMessage, ServerResponse } from 'node:http';
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { problemDetails, PROBLEM_TYPE } from '../common/problem-details.dto.js';
import { Problem, type ProblemKind } from '../common/problem.js';
import {
  forbidden,
  internal,
  invalid,
  malformed,
  notJson,
  notSignedIn,
  noSuchRoute,
  tooLarge,
  tooManyRequests,
  unavailable,
} from '../common/problems.js';
import { isUnavailable } from '../database/errors.js';

/** A request, with the id that the server gave it. */
export interface IdentifiedRequest extends IncomingMessage {
  requestId?: string;
}

/** What the framework refuses by itself, by its status. */
const KINDS: ReadonlyMap<number, ProblemKind> = new Map(
  [malformed, notSignedIn, forbidden, noSuchRoute, tooLarge, notJson, invalid, tooManyRequests, unavailable].map(
    (kind) => [kind.status, kind],
  ),
);

/** Seconds after which a client may try again. */
const RETRY_AFTER_SECONDS = '1';

const log = new Logger('ProblemFilter');

/** Turns whatever a route throws into an RFC 9457 answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const [request, response] = host.getArgs<[IdentifiedRequest, ServerResponse]>();
    answerProblem(exception, request, response);
  }
}

/** Answers what was thrown as a problem. What nobody expected is logged with its stack, and told to nobody. */
export function answerProblem(exception: unknown, request: IdentifiedRequest, response: ServerResponse): void {
  const problem = toProblem(exception);
  const { kind } = problem;
  if (kind === internal || kind === unavailable) report(kind, exception, request);
  if (response.headersSent) {
    response.end();
    return;
  }
  const text = JSON.stringify(problemDetails(problem, request.requestId));
  response.statusCode = kind.status;
  response.setHeader('Content-Type', PROBLEM_TYPE);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  if (kind.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="parley"');
  if (kind.status === 429 || kind.status === 503) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
  response.end(text);
}

function toProblem(exception: unknown): Problem {
  if (exception instanceof Problem) return exception;
  if (isUnavailable(exception)) return unavailable();
  const status = statusOf(exception);
  if (status === undefined || (status >= 500 && status !== unavailable.status)) return internal();
  return (KINDS.get(status) ?? malformed)();
}

/** That something is busy or away for a while is expected, and may concern every request: a line without a stack. */
function report(kind: ProblemKind, exception: unknown, { requestId, method, url }: IdentifiedRequest): void {
  const line = `${method} ${url?.split('?', 1)[0]} failed (request ${requestId})`;
  if (kind === unavailable) log.warn(`${line}: ${reasonOf(exception)}`);
  else log.error(line, exception instanceof Error ? exception.stack : String(exception));
}

/** Node gives no message if each address of a host has failed, but a code. */
function reasonOf(exception: unknown): string {
  const { message, code } = exception as Partial<Record<'message' | 'code', unknown>>;
  return String(message || code);
}

/** The status of an error of the framework or of Express. */
function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  const status = (exception as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
