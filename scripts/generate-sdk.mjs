// Writes what the SDK knows of the API from openapi.json: schema.ts (types, by openapi-typescript), operations.ts
// (one method per operation) and problem-codes.ts; and from asyncapi.json the types of frames, live-schema.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

const headerOf = (source) => `// Generated from ${source} by \`npm run generate\`. Do not edit.\n\n`;
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

const openapi = JSON.parse(readFileSync('openapi.json', 'utf8'));

await write('sdk/src/schema.ts', astToString(await openapiTS(openapi, { defaultNonNullable: false })));
await write('sdk/src/operations.ts', operationsSource());
await write('sdk/src/problem-codes.ts', problemCodesSource());
await write('sdk/src/live-schema.ts', await liveSource(), 'asyncapi.json');

async function write(file, source, from = 'openapi.json') {
  const options = await resolveConfig(file);
  writeFileSync(file, await format(headerOf(from) + source, { ...options, filepath: file }));
}

/** The frames' schemas are JSON Schema, as those of OpenAPI 3.1 are. */
async function liveSource() {
  const { info, operations, components } = JSON.parse(readFileSync('asyncapi.json', 'utf8'));
  const { schemas, messages } = components;
  const document = { openapi: '3.1.0', info, paths: {}, components: { schemas } };
  const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
  const namesOf = (action) =>
    Object.values(operations)
      .filter((operation) => operation.action === action)
      .map((operation) => messages[operation.messages[0].$ref.split('/').at(-1)].payload)
      .map((payload) => (payload.$ref ?? payload.allOf[0].$ref).split('/').at(-1));
  const union = (names) => [...new Set(names)].map((name) => `components['schemas']['${name}']`).join(' | ');
  return `${types}
/** What a client may say. */
export type ClientFrame = ${union(namesOf('receive'))};

/** What the server tells. */
export type ServerFrame = ${union(namesOf('send'))};
`;
}

function operationsSource() {
  const operations = Object.entries(openapi.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => describe(path, method, item[method])),
  );
  return `
import type { CallOptions, Input, Output } from './types.js';

/** Where the flat arguments of each method go: those in neither list are fields of the body. */
export const operations = {
${operations.map(({ id, place }) => `${id}: ${JSON.stringify(place)},`).join('\n')}
} as const;

/** One method per operation of the API, named by its operationId. */
export abstract class Operations {
  protected abstract call<K extends keyof typeof operations>(
    name: K,
    input: object | undefined,
    options: CallOptions | undefined,
  ): Promise<Output<K>>;

${operations.map(methodSource).join('\n\n')}
}
`;
}

function describe(path, method, operation) {
  const parameters = operation.parameters ?? [];
  const names = (place) => parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
  const fields = bodyFields(operation);
  const all = [...names('path'), ...names('query'), ...fields.map(({ name }) => name)];
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice) throw new Error(`${operation.operationId}: ${twice} has two places`);
  const isRequired =
    parameters.some(({ in: place, required }) => required && place !== 'header') ||
    fields.some(({ required }) => required);
  return {
    id: operation.operationId,
    summary: operation.summary,
    place: {
      method,
      path,
      inPath: names('path'),
      inQuery: names('query'),
      hasBody: operation.requestBody !== undefined,
    },
    takesInput: all.length > 0,
    isRequired,
  };
}

function bodyFields({ requestBody }) {
  const reference = requestBody?.content['application/json'].schema.$ref;
  if (!reference) return [];
  const { properties = {}, required = [] } = openapi.components.schemas[reference.split('/').at(-1)];
  return Object.keys(properties).map((name) => ({ name, required: required.includes(name) }));
}

function methodSource({ id, summary, takesInput, isRequired }) {
  const input = takesInput ? `input${isRequired ? '' : '?'}: Input<'${id}'>, ` : '';
  return `  /** ${summary} */
  ${id}(${input}options?: CallOptions): Promise<Output<'${id}'>> {
    return this.call('${id}', ${takesInput ? 'input' : 'undefined'}, options);
  }`;
}

function problemCodesSource() {
  const codes = Object.keys(openapi.components.examples);
  return `
/** Every problem code that this version of the API answers. A later server may answer others. */
export type ProblemCode = ${codes.map((code) => `'${code}'`).join(' | ')};
`;
}
