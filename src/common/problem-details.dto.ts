import { ApiProperty } from '@nestjs/swagger';
import type { Problem } from './problem.js';

/** One refused field of a body, a query or a header. */
export class FieldProblem {
  /**
   * Path of the field.
   * @example 'messages.3.text'
   */
  field: string;

  /**
   * What is wrong with it, in English.
   * @example 'must not be empty or only white space'
   */
  message: string;
}

/** Why a request was refused: RFC 9457 problem details. Branch on `code`; new codes may appear. */
export class ProblemDetails {
  /**
   * Names the kind of problem, as `code` does.
   * @example 'urn:parley:problem:recipient-blocked-you'
   */
  type: string;

  /**
   * What this kind of problem means, in English.
   * @example 'The recipient has blocked the sender.'
   */
  title: string;

  /**
   * The HTTP status.
   * @example 403
   */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 400, maximum: 599 })
  status: number;

  /**
   * The kind of problem, stable.
   * @example 'recipient-blocked-you'
   */
  code: string;

  /**
   * What went wrong this time, in English.
   * @example 'The recipient has blocked the sender.'
   */
  detail: string;

  /**
   * The request's `X-Request-Id`, under which the server's log has it. Absent where the problem is not an answer of its own.
   * @example '0b7c3f4e-5a0f-4c68-9d8f-0f8f2f0f7a11'
   */
  requestId?: string;

  /** The refused fields; only with the code `invalid`. */
  errors?: FieldProblem[];
}

/** The content type of every problem (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** The answer that tells a client of a problem. */
export function problemDetails(problem: Problem, requestId?: string): ProblemDetails {
  const { code, status, title } = problem.kind;
  return {
    type: `urn:parley:problem:${code}`,
    title,
    status,
    code,
    detail: problem.message,
    ...(requestId !== undefined && { requestId }),
    ...(problem.errors && { errors: [...problem.errors] }),
  };
}
