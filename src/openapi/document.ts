import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { USER_ACCESS, type Access } from '../common/caller.js';
import { ProblemDetails } from '../common/problem-details.dto.js';
import { problemsByCode, type ProblemKind } from '../common/problem.js';
import { PROBLEMS_EXTENSION } from '../common/problems.decorator.js';
import { accessByOperation } from './access.js';
import { assertComplete } from './complete.js';
import { HEADERS, headers, kindsByRule, problemAnswers, problemExamples, sharedAnswers } from './problem-answers.js';
import { describePathParameters } from './path-parameters.js';
import { closeRequestSchemas, operationsOf, relaxBodies, type Operation } from './schemas.js';
import { TAGS, tagOf } from './tags.js';
import { keepOptionalInputEmpty } from './try-it-out.js';

const DESCRIPTION = `Users, blocks, groups, and direct and group messages of at most 160 characters.

Sign in with \`POST /v1/sessions\` and send the access token as \`Authorization: Bearer …\`. An application sends its
key as \`X-Api-Key\` and names the user it acts for in \`On-Behalf-Of\`; every user route then works the same way.

The WebSocket \`GET /v1/live\` delivers messages as they are sent: see [/docs/live](/docs/live) and [/asyncapi.json](/asyncapi.json).

Every failure is an RFC 9457 problem; branch on its \`code\`. Answers may gain fields and codes.`;

const ON_BEHALF_OF = {
  name: 'On-Behalf-Of',
  in: 'header',
  required: false,
  description: 'Applications only: the address of the user to act for (`<id>`, `@<username>` or `ext:<externalId>`).',
  schema: { type: 'string', example: '@ana' },
};

/** The OpenAPI document of the application. Throws if an operation or a field has no description. */
export function buildDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, base(), {
    operationIdFactory: (_controller, method) => method,
    extraModels: [ProblemDetails],
  });
  const access = accessByOperation(app);
  for (const { path, method, operation } of operationsOf(document)) {
    completeOperation(path, method, operation, access.get(operation.operationId!) ?? USER_ACCESS);
  }
  document.components = {
    ...document.components,
    headers: HEADERS,
    parameters: { OnBehalfOf: ON_BEHALF_OF },
    responses: sharedAnswers(),
    examples: problemExamples(),
  } as OpenAPIObject['components'];
  const used = new Set(operationsOf(document).flatMap(({ operation }) => operation.tags ?? []));
  document.tags = TAGS.filter(({ name }) => used.has(name));
  closeRequestSchemas(document);
  relaxBodies(document);
  keepOptionalInputEmpty(document);
  assertComplete(document);
  return document;
}

function base(): Omit<OpenAPIObject, 'paths'> {
  return new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Parley')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'This server')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access token of a user.' },
      'bearer',
    )
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The key of an application.' }, 'apiKey')
    .build();
}

const SECURITY: Readonly<Record<Access['kind'], Record<string, string[]>[]>> = {
  user: [{ bearer: [] }, { apiKey: [] }],
  any: [{ bearer: [] }, { apiKey: [] }],
  application: [{ apiKey: [] }],
  public: [],
};

function completeOperation(path: string, method: string, operation: Operation, access: Access): void {
  operation.tags = [tagOf(path)];
  describePathParameters(path, operation);
  const ofItsOwn = operation.security;
  operation.security = access.kind === 'public' && ofItsOwn ? [{}, ...ofItsOwn] : SECURITY[access.kind];
  if (access.kind === 'user' || access.kind === 'any') {
    operation.parameters = [...(operation.parameters ?? []), { $ref: '#/components/parameters/OnBehalfOf' }];
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    const own = (answer as { headers?: object }).headers;
    Object.assign(answer!, { headers: { ...headers(...(status === '201' ? ['Location' as const] : [])), ...own } });
  }
  Object.assign(operation.responses, problemAnswers([...kindsByRule(path, method, access), ...ownKinds(operation)]));
}

function ownKinds(operation: Operation): ProblemKind[] {
  const codes = operation[PROBLEMS_EXTENSION] ?? [];
  delete operation[PROBLEMS_EXTENSION];
  return codes.map((code) => problemsByCode().get(code)!);
}
