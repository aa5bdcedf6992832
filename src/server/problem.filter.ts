import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { problemDetails, PROBLEM_TYPE } from '../common/problem-details.dto.js';
import { Problem, type ProblemKind } from '../common/problem.js';
import {
  forbidden,
  internal,
  invalid,
  malformed,
  methodNotAllowed,
  notJson,
  notSignedIn,
  noSuchRoute,
  tooLarge,
  tooManyRequests,
  unavailable,
} from '../common/problems.js';
import { isUnavailable } from '../database/errors.js';
import type { Exchange } from './request-context.js';

/** What the framework refuses by itself, by its status. */
const KINDS: ReadonlyMap<number, ProblemKind> = new Map(
  [malformed, notSignedIn, forbidden, noSuchRoute, tooLarge, notJson, invalid, tooManyRequests, unavailable].map(
    (kind) => [kind.status, kind],
  ),
);

/** Seconds after which a client may try again. */
const RETRY_AFTER_SECONDS = '1';

/** The methods that a path takes; none where there is no such path. */
export type AllowedMethods = (path: string) => readonly string[];

/** Turns whatever is thrown into an RFC 9457 answer. What nobody expected is logged with its stack, and told to nobody. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger(ProblemFilter.name);

  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly allowedMethods: AllowedMethods,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const [request, response] = host.getArgs<[Exchange & { raw?: Exchange }, unknown]>();
    const exchange = request.raw ?? request;
    const problem = this.toProblem(exception);
    if (problem.kind === internal || problem.kind === unavailable) this.report(problem.kind, exception, exchange);
    if (this.adapter.isHeadersSent(response)) {
      this.adapter.end(response);
      return;
    }
    if (problem.kind === noSuchRoute) this.answerUnrouted(problem, exchange, response);
    else this.answer(problem, exchange, response);
  }

  private toProblem(exception: unknown): Problem {
    if (exception instanceof Problem) return exception;
    if (isUnavailable(exception)) return unavailable();
    const status = statusOf(exception);
    if (status === undefined || (status >= 500 && status !== unavailable.status)) return internal();
    return (KINDS.get(status) ?? malformed)();
  }

  /** A path that exists is told apart by its methods: OPTIONS lists them, any other that is not among them is 405. */
  private answerUnrouted(problem: Problem, exchange: Exchange, response: unknown): void {
    const methods = this.allowedMethods(exchange.url?.split('?', 1)[0] ?? '');
    if (methods.length === 0 || methods.includes(exchange.method ?? '')) {
      this.answer(problem, exchange, response);
      return;
    }
    this.adapter.setHeader(response, 'Allow', [...methods, 'OPTIONS'].join(', '));
    if (exchange.method === 'OPTIONS') this.adapter.reply(response, undefined, 204);
    else this.answer(methodNotAllowed(), exchange, response);
  }

  private answer(problem: Problem, exchange: Exchange, response: unknown): void {
    const { status } = problem.kind;
    this.adapter.setHeader(response, 'Content-Type', PROBLEM_TYPE);
    if (status === 401) this.adapter.setHeader(response, 'WWW-Authenticate', 'Bearer realm="parley"');
    if (status === 429 || status === 503) this.adapter.setHeader(response, 'Retry-After', RETRY_AFTER_SECONDS);
    this.adapter.reply(response, problemDetails(problem, exchange.requestId), status);
  }

  /** That something is busy or away for a while is expected, and may concern every request: a line without a stack. */
  private report(kind: ProblemKind, exception: unknown, { requestId, method, url }: Exchange): void {
    const line = `${method} ${url?.split('?', 1)[0]} failed (request ${requestId})`;
    if (kind === unavailable) this.log.warn(`${line}: ${reasonOf(exception)}`);
    else this.log.error(line, exception instanceof Error ? exception.stack : String(exception));
  }
}

/** Node gives no message where each address of a host has failed, but a code. */
function reasonOf(exception: unknown): string {
  const { message, code } = exception as Partial<Record<'message' | 'code', unknown>>;
  return String(message || code);
}

/** The status of an error of the framework or of the HTTP engine. */
function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  const status = (exception as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
