// Writes what the SDK knows of the API from openapi.json: schema.ts (types, by openapi-typescript), operations.ts
// (one method per operation) and problem-codes.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

const HEADER = '// Generated from openapi.json by `npm run sdk`. Do not edit.\n\n';
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

const openapi = JSON.parse(readFileSync('openapi.json', 'utf8'));

await write('sdk/src/schema.ts', astToString(await openapiTS(openapi, { defaultNonNullable: false })));
await write('sdk/src/operations.ts', operationsSource());
await write('sdk/src/problem-codes.ts', problemCodesSource());

async function write(file, source) {
  const options = await resolveConfig(file);
  writeFileSync(file, await format(HEADER + source, { ...options, filepath: file }));
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
