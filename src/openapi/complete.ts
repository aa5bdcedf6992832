import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf, schemasOf, type Schema } from './schemas.js';

/** Throws if a reader or a generator would miss something, and names everything that is missing. */
export function assertComplete(document: OpenAPIObject): void {
  const faults = [...operationFaults(document), ...schemaFaults(document)];
  if (faults.length > 0) throw new Error(`the OpenAPI document is incomplete:\n  ${faults.join('\n  ')}`);
}

function operationFaults(document: OpenAPIObject): string[] {
  return operationsOf(document).flatMap(({ operation }) => {
    const { operationId, summary, parameters = [], responses } = operation;
    const success = Object.keys(responses).filter((status) => status.startsWith('2'));
    const unexplained = parameters
      .filter((it) => !('$ref' in it) && !it.description)
      .map((it) => 'name' in it && it.name);
    return [
      ...(summary ? [] : [`${operationId} has no summary`]),
      ...(success.length > 0 ? [] : [`${operationId} has no successful answer`]),
      ...unexplained.map((name) => `${operationId}: parameter ${String(name)} has no description`),
    ];
  });
}

const schemaFaults = (document: OpenAPIObject): string[] => fieldsFaults(schemasOf(document));

export const fieldsFaults = (schemas: Readonly<Record<string, Schema>>): string[] =>
  Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties).flatMap(([field, schema]) =>
      fieldFaults(schema).map((fault) => `${name}.${field} ${fault}`),
    ),
  );

function fieldFaults(field: Schema): string[] {
  const ofSchemas = [field, field.items, ...(field.allOf ?? [])].some((part) => part?.$ref) || isMap(field);
  const generatorTraps = ['oneOf', 'anyOf', 'nullable'].filter((word) => word in field);
  return [
    ...(field.description || field.$ref ? [] : ['has no description']),
    ...(field.example !== undefined || ofSchemas ? [] : ['has no example']),
    ...(field.type === 'number' ? ['is a number: say integer, int64'] : []),
    ...(field.type === 'integer' && field.format !== 'int64' ? ['is an integer without int64'] : []),
    ...generatorTraps.map((word) => `uses ${word}`),
  ];
}

const isMap = ({ additionalProperties }: Schema): boolean => typeof additionalProperties === 'object';
