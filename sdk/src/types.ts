import type { operations } from './schema.js';

type Operation<K extends keyof operations> = operations[K];

type Part<K extends keyof operations, In extends 'path' | 'query'> = Present<
  Operation<K> extends { parameters: { [P in In]?: infer Values } } ? Values : unknown
>;

/** `unknown`, which adds nothing, for what the generator has as `undefined` or `never`. */
type Present<T> = [Exclude<T, undefined>] extends [never] ? unknown : Exclude<T, undefined>;

type Body<K extends keyof operations> =
  Operation<K> extends {
    requestBody?: { content: { 'application/json': infer Fields } };
  }
    ? Fields
    : unknown;

type Simplify<T> = { [K in keyof T]: T[K] };

/** The arguments of a method: path and query parameters and the fields of the body, in one object. */
export type Input<K extends keyof operations> = Simplify<Part<K, 'path'> & Part<K, 'query'> & Body<K>>;

type Success<Responses> = Responses[keyof Responses & (200 | 201 | 204)];

/** The answer of a method: the body of its success, or nothing. */
export type Output<K extends keyof operations> =
  Operation<K> extends { responses: infer Responses }
    ? Success<Responses> extends { content: { 'application/json': infer Body } }
      ? Body
      : void
    : never;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Address of the user to act for in this call only; for applications. */
  readonly onBehalfOf?: string;
}
