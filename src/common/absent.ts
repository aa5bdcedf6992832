import { ValidateIf } from 'class-validator';

/** The property may be left out. Unlike class-validator's IsOptional it does not let null through: absent means none. */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
