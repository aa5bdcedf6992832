import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 256;

/** What is wrong with a new password, or undefined. Lengths are in code points; spaces count like anything else. */
export function passwordFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  const length = value.length > 2 * MAX_PASSWORD_LENGTH ? Infinity : [...value].length;
  if (length < MIN_PASSWORD_LENGTH || length > MAX_PASSWORD_LENGTH) {
    return `must have ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`;
  }
  return value.isWellFormed() ? undefined : 'must not contain lone surrogates'; // all of them would hash alike
}

export function IsPassword(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minLength: MIN_PASSWORD_LENGTH, maxLength: MAX_PASSWORD_LENGTH, format: 'password' }),
    ValidateBy({
      name: 'isPassword',
      validator: {
        validate: (value: unknown) => passwordFault(value) === undefined,
        defaultMessage: (args) => passwordFault(args?.value) ?? '',
      },
    }),
  );
}
