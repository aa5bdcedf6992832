import { expect, it } from '@jest/globals';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { handlers } from '../src/openapi/access.js';
import { server } from './support/server.js';

/** `import type` of a DTO class leaves `Object` behind, and Nest then validates nothing. */
it('every body and query has a class that is validated', async () => {
  const { app } = await server();
  const unvalidated = handlers(app).flatMap(({ prototype, name }) => {
    const types = Reflect.getMetadata('design:paramtypes', prototype, name) as unknown[];
    const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, prototype.constructor, name) ?? {}) as Record<string, Arg>;
    return Object.entries(args)
      .filter(([key, { data }]) => INPUT.test(key) && data === undefined)
      .filter(([, { index }]) => [Object, Array, String, undefined].includes(types[index] as ObjectConstructor))
      .map(() => `${prototype.constructor.name}.${name}`);
  });
  expect(unvalidated).toEqual([]);
  expect(handlers(app).length).toBeGreaterThan(40);
});

interface Arg {
  readonly index: number;
  readonly data?: unknown;
}

const INPUT = new RegExp(`^(${RouteParamtypes.BODY}|${RouteParamtypes.QUERY}):`);
