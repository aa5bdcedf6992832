import type { Access } from '../common/caller.js';
import { problemDetails, PROBLEM_TYPE } from '../common/problem-details.dto.js';
import { problemsByCode, type ProblemKind } from '../common/problem.js';
import * as problems from '../common/problems.js';

const ref = (section: string, name: string): { $ref: string } => ({ $ref: `#/components/${section}/${name}` });

/** Headers of answers, in `components.headers`. */
export const HEADERS = {
  'X-Request-Id': {
    description: "The request's id: the client's own if it sent a valid one, otherwise made by the server.",
    required: true,
    schema: { type: 'string', example: '0b7c3f4e-5a0f-4c68-9d8f-0f8f2f0f7a11' },
  },
  Location: {
    description: 'Path of what was created.',
    required: true,
    schema: { type: 'string', example: '/v1/users/0193f0e8-1b2a-7c3d-8e4f-5a6b7c8d9e0f' },
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    required: true,
    schema: { type: 'integer', format: 'int64', example: 1 },
  },
  'WWW-Authenticate': {
    description: 'How to sign in.',
    required: true,
    schema: { type: 'string', example: 'Bearer realm="parley"' },
  },
  'Server-Timing': {
    description: 'How the answer came about: `mem`, without the database, or `db` and how long that was asked (ms).',
    required: true,
    schema: { type: 'string', example: 'mem' },
  },
} as const;

type HeaderName = keyof typeof HEADERS;

export const headers = (...names: HeaderName[]): Record<string, { $ref: string }> =>
  Object.fromEntries(['X-Request-Id' as const, ...names].map((name) => [name, ref('headers', name)]));

/** The kinds that follow from the operation's access and method; its controller declares the others. */
export function kindsByRule(path: string, method: string, access: Access): ProblemKind[] {
  if (!path.startsWith('/v1/')) return [problems.invalid];
  const { internal, unavailable, tooManyRequests, invalid, malformed } = problems;
  const { ambiguousCredentials, onBehalfOfRequired, notSignedIn, forbidden, actingUserNotFound } = problems;
  return [
    ...[internal, unavailable, tooManyRequests, invalid, malformed],
    ...[ambiguousCredentials, notSignedIn, forbidden, actingUserNotFound],
    ...(access.kind === 'user' ? [onBehalfOfRequired] : []),
    ...(method === 'get' ? [] : [problems.tooLarge, problems.notJson]),
  ];
}

/** One answer per status that names its codes, with an example of each; a status with a single code has the shared answer. */
export function problemAnswers(kinds: Iterable<ProblemKind>): Record<string, object> {
  const all = [...new Set(kinds)];
  const statuses = [...new Set(all.map(({ status }) => status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = all.filter((kind) => kind.status === status);
      return [status, ofStatus.length === 1 ? ref('responses', ofStatus[0]!.code) : answer(status, ofStatus)];
    }),
  );
}

/** The answer of each problem alone, in `components.responses`. */
export const sharedAnswers = (): Record<string, object> =>
  Object.fromEntries(sortedKinds().map((kind) => [kind.code, answer(kind.status, [kind])]));

function answer(status: number, kinds: readonly ProblemKind[]): object {
  const sorted = kinds.toSorted((a, b) => a.code.localeCompare(b.code));
  return {
    description: sorted.map(({ code, title }) => `\`${code}\`: ${title}`).join('\n\n'),
    headers: headers(
      ...(status === 401 ? ['WWW-Authenticate' as const] : []),
      ...(status === 429 || status === 503 ? ['Retry-After' as const] : []),
    ),
    content: {
      [PROBLEM_TYPE]: {
        schema: ref('schemas', 'ProblemDetails'),
        examples: Object.fromEntries(sorted.map(({ code }) => [code, ref('examples', code)])),
      },
    },
  };
}

/** An example of each problem, in `components.examples`. */
export const problemExamples = (): Record<string, object> =>
  Object.fromEntries(sortedKinds().map((kind) => [kind.code, { summary: kind.title, value: example(kind) }]));

const sortedKinds = (): ProblemKind[] =>
  [...problemsByCode().values()].toSorted((a, b) => a.code.localeCompare(b.code));

function example(kind: ProblemKind): object {
  const errors = kind === problems.invalid ? [{ field: 'text', message: 'must be a string' }] : undefined;
  return problemDetails(kind(undefined, errors), HEADERS['X-Request-Id'].schema.example);
}
