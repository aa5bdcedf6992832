import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** The parts of an OpenAPI document that an exchange is checked against. */
interface Document {
  paths: Record<string, Record<string, OperationObject | undefined>>;
  components: {
    schemas: Record<string, SchemaObject>;
    headers: Record<string, { required?: boolean }>;
    responses: Record<string, AnswerObject>;
  };
}

interface SchemaObject {
  properties?: Record<string, SchemaObject>;
  additionalProperties?: unknown;
}

interface Content {
  schema: object;
  examples?: Record<string, object>;
}

interface AnswerObject {
  headers?: Record<string, object>;
  content?: Record<string, Content>;
}

interface OperationObject {
  operationId: string;
  security: object[];
  parameters?: { in?: string; name?: string }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, AnswerObject & { $ref?: string }>;
}

export interface Operation extends OperationObject {
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
}

const document = JSON.parse(readFileSync('openapi.json', 'utf8')) as Document;

/** Every operation of the document; those with fewer parameters in their path first, so that `me` comes before `{address}`. */
export const operations: readonly Operation[] = Object.entries(document.paths)
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      ...operation!,
      method: method.toUpperCase(),
      path,
      pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`),
    })),
  )
  .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length);

export const findOperation = (method: string, path: string): Operation | undefined =>
  operations.find((operation) => operation.method === method && operation.pattern.test(path));

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (to: Ajv2020) => void)(ajv);
ajv.addSchema({ $id: 'parley', components: { schemas: closed(document.components.schemas) } });

/** A field that no schema declares is a fault, in answers too. */
function closed(schemas: Record<string, SchemaObject>): Record<string, SchemaObject> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { ...schema, ...(schema.properties && { additionalProperties: false }) },
    ]),
  );
}

const validators = new Map<string, ValidateFunction>();

/** The document's answer of an operation with this status. */
export function answerOf(operation: Operation, status: number): AnswerObject | undefined {
  const declared = operation.responses[String(status)];
  return declared?.$ref ? document.components.responses[declared.$ref.split('/').at(-1)!] : declared;
}

/** The faults of a value, for people; empty if it matches. */
export function faultsOf(schema: object, value: unknown): string[] {
  const key = JSON.stringify(schema);
  const validate = validators.get(key) ?? ajv.compile(JSON.parse(key.replaceAll('"#/', '"parley#/')) as object);
  validators.set(key, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = (params as { additionalProperty?: string }).additionalProperty;
    return `${instancePath || 'the body'} ${message}${extra === undefined ? '' : `: ${extra}`}`;
  });
}

/** The headers that an answer must have. */
export const requiredHeaders = (answer: AnswerObject): string[] =>
  Object.keys(answer.headers ?? {}).filter((name) => document.components.headers[name]?.required);

export const PROBLEM_SCHEMA = { $ref: '#/components/schemas/ProblemDetails' };
