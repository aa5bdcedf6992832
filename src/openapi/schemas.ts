import type { OpenAPIObject } from '@nestjs/swagger';
import type { PROBLEMS_EXTENSION } from '../common/problems.decorator.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']> & { [PROBLEMS_EXTENSION]?: string[] };

/** The part of a schema that the document's checks read. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  example?: unknown;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  allOf?: Schema[];
}

interface RoutedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

export const operationsOf = (document: OpenAPIObject): RoutedOperation[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation: Operation | undefined = item[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );

export const schemasOf = (document: OpenAPIObject): Record<string, Schema> =>
  (document.components?.schemas ?? {}) as Record<string, Schema>;

/** The names of the schemas that a schema mentions. */
export const mentionedBy = (part: object): string[] =>
  [...JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);

/** The names of these schemas, and of all that they mention in turn. */
export function reachable(schemas: Readonly<Record<string, Schema>>, from: readonly string[]): Set<string> {
  const queue = [...from];
  const found = new Set<string>();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    queue.push(...mentionedBy(schemas[name]!));
  }
  return found;
}

/** Closes the schemas of requests: the server refuses fields that they do not name. */
export function closeRequestSchemas(document: OpenAPIObject): void {
  const schemas = schemasOf(document);
  const inBodies = operationsOf(document).flatMap(({ operation }) => mentionedBy(operation.requestBody ?? {}));
  close(schemas, reachable(schemas, inBodies));
}

export function close(schemas: Readonly<Record<string, Schema>>, names: Iterable<string>): void {
  for (const name of names) if (schemas[name]!.properties) schemas[name]!.additionalProperties = false;
}

/** Marks a body as optional if all its fields are: the server takes a missing body as an empty one. */
export function relaxBodies(document: OpenAPIObject): void {
  const schemas = schemasOf(document);
  for (const { operation } of operationsOf(document)) {
    const body = operation.requestBody as { required?: boolean; content?: object } | undefined;
    if (body) body.required = mentionedBy(body.content ?? {}).some((name) => schemas[name]?.required !== undefined);
  }
}
