import type { ValidationError } from 'class-validator';
import type { FieldError } from './problem.js';

/** How everything that comes in is checked: unknown fields are refused, and one reason per field is enough. */
export const INPUT_RULES = { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: true } as const;

/** How many refused fields an answer names. */
const MAX_ERRORS = 20;

/** The refused fields, each with the path that leads to it. */
export const fieldErrors = (errors: readonly ValidationError[]): FieldError[] =>
  errors.flatMap((error) => errorsOf(error, '')).slice(0, MAX_ERRORS);

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
