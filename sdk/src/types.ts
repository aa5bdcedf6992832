import type { operations } from './schema.js';

type Operation<K extends keyof operations> = operations[K];

type Part<K extends keyof operations, Place extends 'path' | 'query'> = Present<
  Operation<K> extends { parameters: { [P in Place]?: infer Values } } ? Values : unknown
>;

/** What the generator has as `undefined` or `never` adds nothing. */
type Present<T> = [Exclude<T, undefined>] extends [never] ? unknown : Exclude<T, undefined>;

type Body<K extends keyof operations> =
  Operation<K> extends {
    requestBody?: { content: { 'application/json': infer Fields } };
  }
    ? Fields
    : unknown;

type Simplify<T> = { [K in keyof T]: T[K] };

/** What a method takes: path and query parameters and the fields of the body, all in one object. */
export type Input<K extends keyof operations> = Simplify<Part<K, 'path'> & Part<K, 'query'> & Body<K>>;

type Success<Responses> = Responses[keyof Responses & (200 | 201 | 204)];

/** What a method answers: the body of its success, or nothing. */
export type Output<K extends keyof operations> =
  Operation<K> extends { responses: infer Responses }
    ? Success<Responses> extends { content: { 'application/json': infer Body } }
      ? Body
      : void
    : never;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Acts for this user in this call alone; applications only. */
  readonly onBehalfOf?: string;
}
