import type { ProblemCode } from './problem-codes.js';
import type { components } from './schema.js';

type ProblemDetails = components['schemas']['ProblemDetails'];

/** A code of this version, or one of a later server. */
export type AnyProblemCode = ProblemCode | (string & {});

/** The server refused, or failed: branch on `code`. What fails before there is an answer is thrown as `fetch` throws it. */
export class ParleyError extends Error {
  readonly status: number;
  readonly code: AnyProblemCode;
  readonly detail: string;
  /** Under which the server's log has the request. */
  readonly requestId: string | undefined;
  /** The refused fields, where the code is `invalid`. */
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  /** Seconds after which the server asks to be tried again. */
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

/** Whether the server has refused, so that trying again would mend nothing. What fails on the way may pass. */
export const isFinal = (error: unknown): error is ParleyError =>
  error instanceof ParleyError && error.code !== 'unknown' && error.status < 500 && error.status !== 429;
