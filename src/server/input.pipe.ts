import { Injectable, ValidationPipe, type ValidationError } from '@nestjs/common';
import type { FieldError, Problem } from '../common/problem.js';
import { invalid } from '../common/problems.js';

/** How many refused fields an answer names. */
const MAX_ERRORS = 20;

/** Checks bodies and queries against their DTO classes. @throws invalid (422), naming each refused field */
@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      stopAtFirstError: true,
      exceptionFactory: (errors): Problem => {
        const fields = errors.flatMap((error) => fieldErrors(error, '')).slice(0, MAX_ERRORS);
        return invalid(fields[0] && `${fields[0].field} ${fields[0].message}`, fields);
      },
    });
  }
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const field = parent + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => ({
    field,
    message: rule === 'whitelistValidation' ? 'is not a known field' : withoutName(text, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, `${field}.`))];
}

/** class-validator begins its sentences with the property's name, which `field` says already. */
const withoutName = (text: string, property: string): string =>
  text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
