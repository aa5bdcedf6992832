import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf, schemasOf, type Schema } from './schemas.js';

interface Parameter {
  readonly required?: boolean;
  readonly schema?: Schema & { examples?: unknown[] };
}

/**
 * Swagger UI fills each `example` into the request that it sends. So an optional parameter has `examples` instead, which
 * the UI only shows, and the example of a body has only its required fields.
 */
export function keepOptionalInputEmpty(document: OpenAPIObject): void {
  const shared = Object.values(document.components?.parameters ?? {}) as Parameter[];
  for (const { operation } of operationsOf(document)) {
    for (const parameter of [...shared, ...((operation.parameters ?? []) as Parameter[])]) showOnly(parameter);
    const body = (operation.requestBody as { content?: Record<string, BodyContent> } | undefined)?.content;
    const json = body?.['application/json'];
    if (!json || json.examples) continue;
    const example = exampleOf(json.schema, schemasOf(document));
    if (example !== undefined) json.example = example;
  }
}

interface BodyContent {
  readonly schema: Schema;
  readonly examples?: object;
  example?: unknown;
}

function showOnly({ required, schema }: Parameter): void {
  if (required || schema?.example === undefined) return;
  schema.examples = [schema.example];
  delete schema.example;
}

/** An object of the required fields; undefined if there are none, or if one has no example. */
function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref) return exampleOf(schemas[schema.$ref.split('/').at(-1)!]!, schemas);
  if (schema.items) return [exampleOf(schema.items, schemas)];
  const fields = (schema.required ?? []).map((name) => [name, exampleOf(schema.properties![name]!, schemas)] as const);
  return fields.length === 0 || fields.some(([, value]) => value === undefined)
    ? undefined
    : Object.fromEntries(fields);
}
