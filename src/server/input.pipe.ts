import { Injectable, ValidationPipe } from '@nestjs/common';
import { fieldErrors, INPUT_RULES } from '../common/field-errors.js';
import type { Problem } from '../common/problem.js';
import { invalid } from '../common/problems.js';

/** Checks bodies and queries against their DTO classes. @throws invalid (422), naming each refused field */
@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      ...INPUT_RULES,
      transform: true,
      exceptionFactory: (errors): Problem => {
        const fields = fieldErrors(errors);
        return invalid(fields[0] && `${fields[0].field} ${fields[0].message}`, fields);
      },
    });
  }
}
