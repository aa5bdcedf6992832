import { applyDecorators, Controller, UseFilters, UseGuards } from '@nestjs/common';
import { CallerGuard } from './caller.guard.js';
import { InputGuard } from './input.guard.js';
import { ProblemFilter } from './problem.filter.js';

/**
 * `@Controller(path)` with all that a route of Parley needs: who calls is established, then the input is read and checked,
 * and what is thrown is answered as a problem. On the controllers and not on the application, so that routes of another
 * application that imports these modules stay as they are.
 */
export const ParleyController = (path: string): ClassDecorator =>
  applyDecorators(Controller(path), UseGuards(CallerGuard, InputGuard), UseFilters(ProblemFilter));
