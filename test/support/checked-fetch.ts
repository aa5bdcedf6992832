import { afterEach } from '@jest/globals';
import { answerOf, faultsOf, findOperation, PROBLEM_SCHEMA, requiredHeaders, type Operation } from './contract.js';

const PROBLEM_TYPE = 'application/problem+json';

/** Paths that the OpenAPI document does not describe: the document itself and the page that shows it. */
const UNDESCRIBED = /^\/(docs|openapi\.json|asyncapi\.json|metrics)/;

const violations: string[] = [];

/** Fails the test also if it swallows the error. */
afterEach(() => {
  const found = violations.splice(0);
  if (found.length > 0) throw new Error(found.join('\n\n'));
});

/** `fetch` that checks every exchange against the OpenAPI document; anything it does not declare fails the test. */
export async function checkedFetch(request: Request): Promise<Response> {
  const sent = request.clone();
  const response = await fetch(request);
  const faults = await exchangeFaults(sent, response.clone());
  if (faults.length > 0) {
    const { method, url } = sent;
    const violation = `${method} ${url} → ${response.status}\n  ${faults.join('\n  ')}\n  ${await response.clone().text()}`;
    violations.push(violation);
    throw new Error(violation);
  }
  return response;
}

async function exchangeFaults(request: Request, response: Response): Promise<string[]> {
  const { pathname } = new URL(request.url);
  if (UNDESCRIBED.test(pathname)) return [];
  const operation = findOperation(request.method, pathname);
  const general = [
    ...(response.headers.get('X-Request-Id') ? [] : ['no X-Request-Id']),
    ...(response.status === 500 ? ['the server failed'] : []),
  ];
  if (!operation) return [...general, ...(await undeclaredRouteFaults(request, response))];
  return [
    ...general,
    ...(await answerFaults(operation, response)),
    ...(await requestFaults(operation, request, response)),
  ];
}

async function undeclaredRouteFaults(request: Request, response: Response): Promise<string[]> {
  if (request.method === 'HEAD' || request.method === 'OPTIONS') return [];
  if (response.status < 400) return ['an undeclared route answered with success'];
  return problemFaults(response, await response.json());
}

async function answerFaults(operation: Operation, response: Response): Promise<string[]> {
  const declared = answerOf(operation, response.status);
  if (!declared) return [`${operation.operationId} does not declare ${response.status}`];
  const missing = requiredHeaders(declared).filter((name) => !response.headers.has(name));
  const faults = missing.map((name) => `header ${name} is missing`);
  const text = await response.text();
  if (!declared.content) return [...faults, ...(text === '' ? [] : ['a body where none is declared'])];
  const type = mediaType(response);
  const content = declared.content[type];
  if (!content) return [...faults, `content type ${type} is not declared`];
  const body: unknown = JSON.parse(text);
  faults.push(...faultsOf(content.schema, body));
  if (type !== PROBLEM_TYPE) return faults;
  const { code } = body as { code: string };
  if (!(code in (content.examples ?? {}))) faults.push(`${operation.operationId} does not declare the code ${code}`);
  return [...faults, ...problemFaults(response, body)];
}

function problemFaults(response: Response, body: unknown): string[] {
  const { status, requestId } = body as { status: number; requestId?: string };
  const contentType = response.headers.get('Content-Type');
  return [
    ...faultsOf(PROBLEM_SCHEMA, body),
    ...(contentType === PROBLEM_TYPE ? [] : [`content type ${contentType}`]),
    ...(status === response.status ? [] : [`status ${status} in the body`]),
    ...(requestId === response.headers.get('X-Request-Id') ? [] : ['another requestId than X-Request-Id']),
  ];
}

/** The document must allow every request that the server accepts. */
async function requestFaults(operation: Operation, request: Request, response: Response): Promise<string[]> {
  if (!response.ok) return [];
  const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const unknown = [...new URL(request.url).searchParams.keys()].filter((name) => !declared.includes(name));
  const faults = unknown.map((name) => `accepted the undeclared query parameter ${name}`);
  const schema = operation.requestBody?.content['application/json']?.schema;
  const text = await request.text();
  if (!schema) return [...faults, ...(text === '' || text === '{}' ? [] : ['accepted a body where none is declared'])];
  const accepted = faultsOf(schema, JSON.parse(text || '{}')).filter((fault) => !isAnsweredInside(operation, fault));
  return [...faults, ...accepted.map((fault) => `accepted a request: ${fault}`)];
}

/** A bad message of a batch is refused in its own outcome. */
const isAnsweredInside = ({ operationId }: Operation, fault: string): boolean =>
  operationId === 'sendMessages' && /^\/messages\/\d+/.test(fault);

const mediaType = (response: Response): string => response.headers.get('Content-Type')?.split(';')[0] ?? 'none';
