import { Transform } from 'class-transformer';

/** `true` and `false` of a query; anything else stays as it is, for the validation to refuse. */
export const ToBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));

/** A whole number of a query, in digits; anything else (nothing, `0x10`, `1e2`) stays as it is, for the validation to refuse. */
export const ToInteger = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value,
  );
