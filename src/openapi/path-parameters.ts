import type { Operation } from './schemas.js';

interface Described {
  readonly description: string;
  readonly example: string;
}

/** The parameters of paths, described once for all routes; an `{id}` by the word before it. */
const PARAMETERS: Readonly<Record<string, Described>> = {
  address: {
    description: 'A user: `<id>`, `@<username>`, or from an application `ext:<externalId>`.',
    example: '@ana',
  },
  conversation: {
    description: 'Id of a conversation, or the address of a user: the direct conversation with them.',
    example: '@ana',
  },
  'groups/id': { description: 'Id of the group.', example: '0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a' },
  'messages/id': {
    description: 'Id of the message: `<conversationId>.<seq>`.',
    example: '0193f0e8-2c3b-7d4e-9f5a-6b7c8d9e0f1a.42',
  },
  'sessions/id': {
    description: "Id of the session, or `current` for the caller's own.",
    example: 'current',
  },
  'api-keys/id': { description: 'Id of the API key.', example: '0193f0e8-3d4c-7e5f-8a6b-7c8d9e0f1a2b' },
};

/** Gives each path parameter its description and example. Throws if there is none for it. */
export function describePathParameters(path: string, operation: Operation): void {
  for (const parameter of operation.parameters ?? []) {
    if ('$ref' in parameter || parameter.in !== 'path') continue;
    const before = path
      .slice(0, path.indexOf(`/{${parameter.name}}`))
      .split('/')
      .at(-1)!;
    const described = PARAMETERS[parameter.name] ?? PARAMETERS[`${before}/${parameter.name}`];
    if (!described) throw new Error(`${path}: the parameter {${parameter.name}} has no description`);
    Object.assign(parameter, described);
  }
}
