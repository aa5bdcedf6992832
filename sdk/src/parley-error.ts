import type { ProblemCode } from './problem-codes.js';
import type { components } from './schema.js';

type ProblemDetails = components['schemas']['ProblemDetails'];

/** A code of this version, or one of a later server. */
export type AnyProblemCode = ProblemCode | (string & {});

/** The server refused the request, or failed: branch on `code`. If there is no answer at all, the error is the one of `fetch`. */
export class ParleyError extends Error {
  readonly status: number;
  readonly code: AnyProblemCode;
  readonly detail: string;
  /** Id of the request, under which it is in the server's log. */
  readonly requestId: string | undefined;
  /** The refused fields, if the code is `invalid`. */
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  /** Seconds after which the server asks the client to try again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(response: Response, problem: Partial<ProblemDetails> | undefined) {
    const code = problem?.code ?? 'unknown';
    super(`${response.status} ${code}: ${problem?.detail ?? response.statusText}`);
    this.name = 'ParleyError';
    this.status = response.status;
    this.code = code;
    this.detail = problem?.detail ?? '';
    this.requestId = response.headers.get('X-Request-Id') ?? undefined;
    this.errors = problem?.errors ?? [];
    const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN);
    this.retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : undefined;
  }
}

/** Whether the server has refused, so that trying again does not help. A failure on the way may be temporary. */
export const isFinal = (error: unknown): error is ParleyError =>
  error instanceof ParleyError && error.code !== 'unknown' && error.status < 500 && error.status !== 429;
