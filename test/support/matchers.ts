import { expect } from '@jest/globals';
import type { ProblemKind } from '../../src/common/problem.js';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    /** A refusal of this kind, from the SDK (`rejects`) or from `raw`; with `field`, one that names this field. */
    toBeProblem(kind: ProblemKind, field?: string): R;
  }
}

interface Refusal {
  readonly status?: number;
  readonly code?: string;
  readonly errors?: readonly { readonly field: string }[];
}

expect.extend({
  toBeProblem(received: unknown, kind: ProblemKind, field?: string) {
    const { status, code, errors = [] } = (received ?? {}) as Refusal;
    const fields = errors.map((error) => error.field);
    const pass = status === kind.status && code === kind.code && (field === undefined || fields.includes(field));
    const got = code === undefined ? String(received) : `${status} ${code} ${fields.join(', ')}`;
    const wanted = `${kind.status} ${kind.code} ${field ?? ''}`;
    return { pass, message: () => `expected ${this.isNot ? 'anything but ' : ''}${wanted}, got ${got}` };
  },
});
