import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';

/** Length as PostgreSQL counts it in varchar(n): Unicode code points, not UTF-16 units. */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** What is wrong with a text, or undefined. PostgreSQL stores neither NUL nor lone surrogates. */
export function textFault(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value.length > 2 * maxLength || codePoints(value) > maxLength) {
    return `must have at most ${maxLength} characters (Unicode code points)`;
  }
  if (!/\S/u.test(value)) return 'must not be empty or only white space';
  if (value.includes('\u0000')) return 'must not contain NUL';
  if (!value.isWellFormed()) return 'must not contain lone surrogates';
  return undefined;
}

/** Something besides white space, and no NUL (which \S would take); lone surrogates cannot even be said in a JSON Schema. */
export const TEXT_PATTERN = '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$';

/** A text of 1 to `maxLength` code points, stored as sent; declares the same limits in the OpenAPI document. */
export function IsText(maxLength: number): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minLength: 1, maxLength, pattern: TEXT_PATTERN }),
    ValidateBy({
      name: 'isText',
      validator: {
        validate: (value: unknown) => textFault(value, maxLength) === undefined,
        defaultMessage: (args) => textFault(args?.value, maxLength) ?? '',
      },
    }),
  );
}

/** The longest message, in code points; the column is varchar(160). */
export const MAX_MESSAGE_LENGTH = 160;
/** The longest display name and group name, in code points. */
export const MAX_NAME_LENGTH = 80;
