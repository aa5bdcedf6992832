import { ApiExtension } from '@nestjs/swagger';
import type { ProblemKind } from './problem.js';

/** The key under which an operation's own problem codes wait for the openapi module, which turns them into answers. */
export const PROBLEMS_EXTENSION = 'x-problems';

/** Declares the problems an operation can answer beyond those that every operation of its shape can (401, 422, 500, …). */
export const Problems = (...kinds: ProblemKind[]): MethodDecorator =>
  ApiExtension(
    PROBLEMS_EXTENSION,
    kinds.map(({ code }) => code),
  );
