import type { components } from './schema.js';

export { Parley, type HeldTokens, type ParleyOptions } from './parley.js';
export { ParleyError, type AnyProblemCode } from './parley-error.js';
export { Live, type LiveOptions } from './live.js';
export type { WebSocketClass } from './live-connection.js';
export type { LiveEvents, LiveMessage } from './live-events.js';
export type { LivePosition, LiveState } from './live-positions.js';
export type { ClientFrame, ServerFrame } from './live-schema.js';
export type { ProblemCode } from './problem-codes.js';
export type { CallOptions, Input, Output } from './types.js';

/** The API's own types, by name: `Schemas['Message']`. */
export type Schemas = components['schemas'];
