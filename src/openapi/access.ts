import type { INestApplication } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ACCESS, USER_ACCESS, type Access } from '../common/caller.js';

/**
 * The access that each operation requires, by operationId, which is the name of the controller's method.
 * Throws if two methods share a name.
 */
export function accessByOperation(app: INestApplication): ReadonlyMap<string, Access> {
  const found = new Map<string, Access>();
  for (const { prototype, name } of handlers(app)) {
    if (found.has(name)) throw new Error(`two operations are called ${name}`);
    const handler = (prototype as Record<string, object>)[name]!;
    const declared = [handler, prototype.constructor].map(
      (it) => Reflect.getMetadata(ACCESS, it) as Access | undefined,
    );
    found.set(name, declared[0] ?? declared[1] ?? USER_ACCESS);
  }
  return found;
}

interface Handler {
  readonly prototype: object;
  readonly name: string;
}

/** Every method of a controller that serves a route. */
export function handlers(app: INestApplication): Handler[] {
  const scanner = new MetadataScanner();
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { prototype: Record<string, object> }).prototype;
    return scanner
      .getAllMethodNames(prototype)
      .filter((name) => Reflect.hasMetadata(METHOD_METADATA, prototype[name]!))
      .map((name) => ({ prototype, name }));
  });
}
