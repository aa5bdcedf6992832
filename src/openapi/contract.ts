import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { AsyncApi } from './asyncapi.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** The committed OpenAPI document: the server serves the file from which clients are generated. The checks keep it equal to the code. */
export const contract = read('openapi.json') as OpenAPIObject;

/** The committed AsyncAPI document of `GET /v1/live`, in the same way. */
export const liveContract = read('asyncapi.json') as AsyncApi;

/** The files are at the top of the package, above src and above dist/src. */
function read(name: string, directory = import.meta.dirname): unknown {
  const file = path.join(directory, name);
  const parent = path.dirname(directory);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  if (parent === directory) throw new Error(`${name} is missing; npm run generate writes it`);
  return read(name, parent);
}

const parametersIn = (template: string): number => template.split('{').length;
const byFewestParameters = Object.entries(contract.paths).toSorted(([a], [b]) => parametersIn(a) - parametersIn(b));

const routes = byFewestParameters.map(([template, item]) => {
  const methods = METHODS.filter((method) => item[method]).map((method) => method.toUpperCase());
  return {
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`),
    methods: methods.includes('GET') ? ['HEAD', ...methods] : methods,
  };
});

/** The methods that a path takes, by the template that fits it best (`/users/me` is not a `/users/{address}`); none if there is no such path. */
export const allowedMethods = (path: string): string[] =>
  routes.find(({ pattern }) => pattern.test(path))?.methods ?? [];
