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
  const value = parse(bytes, what);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`The ${what} has to be a JSON object.`);
  }
  assertPlain(value, what, []);
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

function assertPlain(value: object, what: string, path: readonly string[]): void {
  if (path.length > MAX_DEPTH) throw malformed(`The ${what} is nested too deeply.`);
  for (const [name, inner] of Object.entries(value) as [string, unknown][]) {
    if (isReservedName(name)) {
      throw invalid(undefined, [{ field: [...path, name].join('.'), message: 'is not a known field' }]);
    }
    if (typeof inner === 'object' && inner !== null) assertPlain(inner, what, [...path, name]);
  }
}
