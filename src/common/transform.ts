import { Transform } from 'class-transformer';

/** `true` and `false` of a query; anything else stays as it is, for the validation to refuse. */
export const ToBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));
