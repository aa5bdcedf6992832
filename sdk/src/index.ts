import type { components } from './schema.js';

export { Parley, type HeldTokens, type ParleyOptions } from './parley.js';
export { ParleyError, type AnyProblemCode } from './parley-error.js';
export type { ProblemCode } from './problem-codes.js';
export type { CallOptions, Input, Output } from './types.js';

/** The API's own types, by name: `Schemas['Message']`. */
export type Schemas = components['schemas'];

export type { ClientFrame, ServerFrame } from './live-schema.js';
