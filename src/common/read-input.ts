import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { FieldError } from './problem.js';
import { invalid } from './problems.js';

/** How everything that comes in is checked: unknown fields are refused, and one reason per field is enough. */
const RULES = { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: true } as const;

/** How many refused fields an answer names. */
const MAX_ERRORS = 20;

/** More than any class has, by more than an answer names. */
const MAX_FIELDS = 100;

/**
 * A plain object from outside as an instance of its DTO class, defaults filled in. The one way in for bodies, queries,
 * messages of a batch and frames; no validator of ours is asynchronous.
 *
 * @throws invalid (422), naming each refused field
 */
export function readInput<T extends object>(type: new () => T, plain: object): T {
  const instance = toInstance(type, plain);
  const errors = validateSync(instance, RULES).flatMap((error) => errorsOf(error, ''));
  if (errors.length > 0) throw invalid(`${errors[0]!.field} ${errors[0]!.message}`, errors.slice(0, MAX_ERRORS));
  return instance;
}

/**
 * class-transformer and class-validator take a time that grows with the square of the fields: 25 s for a body of 2 MiB. So
 * of an object with more fields than any class has only the first are looked at, some of which are unknown ones that refuse
 * it; and what is nested, of which nothing is transformed, is taken over as it is.
 */
function toInstance<T extends object>(type: new () => T, plain: object): T {
  const fields = Object.entries(plain) as [string, unknown][];
  if (fields.length <= MAX_FIELDS && !fields.some(isNested)) return plainToInstance(type, plain);
  const first = fields.slice(0, MAX_FIELDS);
  const instance = plainToInstance(type, Object.fromEntries(first.filter((field) => !isNested(field))));
  return Object.assign(instance, Object.fromEntries(first.filter(isNested)));
}

const isNested = ([, value]: readonly [string, unknown]): boolean => typeof value === 'object' && value !== null;

/** The refused fields, each with the path that leads to it. */
function errorsOf(error: ValidationError, parent: string): FieldError[] {
  const field = parent + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => ({
    field,
    message: rule === 'whitelistValidation' ? 'is not a known field' : withoutName(text, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => errorsOf(child, `${field}.`))];
}

/** class-validator begins its sentences with the property's name, which `field` says already. */
const withoutName = (text: string, property: string): string =>
  text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
