import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';

const FILE = 'openapi.json';
const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** The committed OpenAPI document, which the checks keep equal to the code: what is served and what is generated are one file. */
export const contract: OpenAPIObject = JSON.parse(readFileSync(find(import.meta.dirname), 'utf8')) as OpenAPIObject;

/** The file stands at the top of the package, above src as well as above dist/src. */
function find(directory: string): string {
  const file = path.join(directory, FILE);
  const parent = path.dirname(directory);
  if (existsSync(file)) return file;
  if (parent === directory) throw new Error(`${FILE} is missing; npm run generate writes it`);
  return find(parent);
}

const routes = Object.entries(contract.paths).map(([template, item]) => {
  const methods = METHODS.filter((method) => item[method]).map((method) => method.toUpperCase());
  return {
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`),
    methods: methods.includes('GET') ? ['HEAD', ...methods] : methods,
  };
});

/** The methods that a path takes; none where there is no such path. */
export const allowedMethods = (path: string): string[] => [
  ...new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : []))),
];
