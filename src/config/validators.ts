import { ValidateBy, type ValidationOptions } from 'class-validator';

/** A whole number within bounds, both included. */
export const IsWholeNumber = (min: number, max: number): PropertyDecorator =>
  ValidateBy({
    name: 'isWholeNumber',
    constraints: [min, max],
    validator: {
      validate: (value: unknown) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
      defaultMessage: () => `must be a whole number from ${min} to ${max}`,
    },
  });

const SCHEMA_NAME = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;
export const SCHEMA_NAME_RULE =
  'must be at most 63 lower-case letters, digits and _, beginning with no digit and not with pg_';

/** A name of a PostgreSQL schema that needs no quotes. */
export const isSchemaName = (value: unknown): boolean =>
  typeof value === 'string' && SCHEMA_NAME.test(value) && value !== 'information_schema';

/** As `isSchemaName`. */
export const IsSchemaName = (): PropertyDecorator =>
  ValidateBy({
    name: 'isSchemaName',
    validator: { validate: isSchemaName, defaultMessage: () => SCHEMA_NAME_RULE },
  });

/** One of these words. */
export const IsOneOf = (...words: string[]): PropertyDecorator =>
  ValidateBy({
    name: 'isOneOf',
    constraints: words,
    validator: {
      validate: (value: unknown) => words.includes(value as string),
      defaultMessage: () => `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    },
  });

/** A URL with one of these protocols and a host. */
export const IsUrlOf = (...protocols: string[]): PropertyDecorator =>
  ValidateBy({
    name: 'isUrlOf',
    constraints: protocols,
    validator: {
      validate: (value: unknown) => {
        const url = parsed(value);
        return url !== null && protocols.includes(url.protocol.slice(0, -1)) && url.host !== '';
      },
      defaultMessage: () => `must be an address that begins with ${protocols.map((each) => `${each}://`).join(' or ')}`,
    },
  });

/** An origin as a browser sends it, or `*`. */
export const IsOrigin = (options: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isOrigin',
      validator: {
        validate: (value: unknown) =>
          value === '*' || (/^https?:/.test(String(value)) && parsed(value)?.origin === value),
        defaultMessage: () => 'must be * or origins such as https://app.example.com, without a path',
      },
    },
    options,
  );

const parsed = (value: unknown): URL | null => (URL.canParse(String(value)) ? new URL(String(value)) : null);
