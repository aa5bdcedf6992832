import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { FieldError } from './problem.js';
import { invalid } from './problems.js';

/** How everything that comes in is checked: unknown fields are refused, and one reason per field is enough. */
const RULES = { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: true } as const;

/** How many refused fields an answer names. */
const MAX_ERRORS = 20;

/**
 * A plain object from outside as an instance of its DTO class, defaults filled in. The one way in for bodies, queries,
 * messages of a batch and frames; no validator of ours is asynchronous.
 *
 * @throws invalid (422), naming each refused field
 */
export function readInput<T extends object>(type: new () => T, plain: object): T {
  const instance = plainToInstance(type, plain);
  const errors = validateSync(instance, RULES).flatMap((error) => errorsOf(error, ''));
  if (errors.length > 0) throw invalid(`${errors[0]!.field} ${errors[0]!.message}`, errors.slice(0, MAX_ERRORS));
  return instance;
}

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
