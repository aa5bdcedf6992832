import { isUtf8 } from 'node:buffer';
import { invalid, malformed } from './problems.js';

/** Far deeper than anything of the API; deeper ones would exhaust the stack of whoever walks them. */
const MAX_DEPTH = 20;

/** Names that every object of JavaScript has by itself, so that the validator does not see them. No field is called so. */
export const isReservedName = (name: string): boolean => name === 'prototype' || name in Object.prototype;

/**
 * The JSON object in bytes from outside; problems call them `what`.
 * @throws malformed (400): no UTF-8, no JSON, no object, or nested too deeply; invalid (422): a reserved name
 */
export function parseJsonObject(bytes: Buffer, what: 'body' | 'frame'): object {
  return assertJsonObject(parse(bytes, what), what);
}

/** The same of what is parsed already. @throws as parseJsonObject */
export function assertJsonObject(value: unknown, what: 'body' | 'frame'): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`The ${what} has to be a JSON object.`);
  }
  const reserved = reservedPath(value, what);
  if (reserved) throw invalid(undefined, [{ field: reserved.join('.'), message: 'is not a known field' }]);
  return value;
}

function parse(bytes: Buffer, what: string): unknown {
  if (!isUtf8(bytes)) throw malformed(`The ${what} is not UTF-8.`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed(`The ${what} is not JSON.`);
  }
}

/** The way to the first reserved name. All is walked before anyone knows who sent it, so nothing is made on the way. */
function reservedPath(value: object, what: string, depth = 0): string[] | undefined {
  if (depth > MAX_DEPTH) throw malformed(`The ${what} is nested too deeply.`);
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const { length } = names ?? (value as unknown[]);
  for (let i = 0; i < length; i++) {
    const name = names ? names[i]! : i;
    if (names && isReservedName(names[i]!)) return [names[i]!];
    const inner = (value as Record<string | number, unknown>)[name];
    const path = typeof inner === 'object' && inner !== null ? reservedPath(inner, what, depth + 1) : undefined;
    if (path) return [String(name), ...path];
  }
  return undefined;
}
