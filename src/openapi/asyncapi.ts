import type { INestApplication, Type } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { CLIENT_TEXTS, SERVER_TEXTS, type FrameText } from './asyncapi-frames.js';
import { rulesText } from './asyncapi-rules.js';
import { fieldsFaults } from './complete.js';
import { close, reachable, schemasOf, type Schema } from './schemas.js';

const CHANNEL = '#/channels/live';

const DESCRIPTION = `\`GET /v1/live\`: a connected client gets messages at once, and a client that was away gets exactly what it missed.

The document takes the server's side: \`receive\` is what a client may send. Everything else is in \`/openapi.json\`.`;

/** Classes of frames by their `type`. */
type Frames = Readonly<Record<string, Type>>;

interface FrameMessage {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly description?: string;
  readonly payload: Schema;
  readonly examples: FrameText['examples'];
}

/** The parts of the document that its page shows. */
export interface AsyncApi {
  readonly operations: Readonly<Record<string, { readonly action: 'send' | 'receive'; readonly messages: Ref[] }>>;
  readonly components: {
    readonly messages: Readonly<Record<string, FrameMessage>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

interface Ref {
  readonly $ref: string;
}

const ref = (pointer: string): Ref => ({ $ref: pointer });

/**
 * The AsyncAPI 3.0 document of `GET /v1/live`. The frames' schemas are made like those of openapi.json; the frames of
 * the client allow no other fields. Throws if a frame or a field has no description.
 */
export function buildLiveDocument(app: INestApplication, client: Frames, server: Frames): AsyncApi {
  const schemas = frameSchemas(app, client, server);
  const messages = { ...clientMessages(client, schemas), ...serverMessages(server) };
  const ofClient = Object.keys(client);
  const ofServer = Object.keys(messages).filter((key) => !ofClient.includes(key));
  return {
    asyncapi: '3.0.0',
    info: { title: 'Parley live', version: '1', description: DESCRIPTION, license: LICENSE },
    defaultContentType: 'application/json',
    servers: {
      local: {
        host: 'localhost:3000',
        protocol: 'ws',
        description: 'A server without settings. Behind a proxy with TLS the protocol is wss.',
        security: Object.keys(SECURITY_SCHEMES).map((name) => ref(`#/components/securitySchemes/${name}`)),
      },
    },
    channels: {
      live: {
        address: '/v1/live',
        title: 'Live',
        summary: 'One WebSocket per device of a user.',
        description: rulesText(),
        messages: Object.fromEntries(Object.keys(messages).map((key) => [key, ref(`#/components/messages/${key}`)])),
        bindings: { ws: { method: 'GET', headers: UPGRADE_HEADERS, bindingVersion: '0.1.0' } },
      },
    },
    operations: Object.fromEntries([
      ...ofClient.map((key) => [`receive${capital(key)}`, receive(key, messages[key]!)] as const),
      ...ofServer.map((key) => [`send${capital(key)}`, send(key, messages[key]!)] as const),
    ]),
    components: { messages, schemas, securitySchemes: SECURITY_SCHEMES },
  } as AsyncApi;
}

const LICENSE = { name: 'MIT', url: 'https://opensource.org/license/mit' };

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The access token of a user.' },
  browser: {
    type: 'httpApiKey',
    in: 'header',
    name: 'Sec-WebSocket-Protocol',
    description: 'For browsers: the access token of a user as a second subprotocol, `bearer.<token>`.',
  },
  apiKey: {
    type: 'httpApiKey',
    in: 'header',
    name: 'X-Api-Key',
    description: 'The key of an application, with the address of the user to act for in `On-Behalf-Of`.',
  },
};

const UPGRADE_HEADERS = {
  type: 'object',
  required: ['Sec-WebSocket-Protocol'],
  properties: {
    'Sec-WebSocket-Protocol': {
      type: 'string',
      description: '`parley.v1`; from a browser `parley.v1, bearer.<access token>`.',
      examples: ['parley.v1'],
    },
    Authorization: { type: 'string', description: '`Bearer <access token>`.' },
    'X-Api-Key': { type: 'string', description: 'The key of an application.' },
    'On-Behalf-Of': {
      type: 'string',
      description: 'Applications only: the address of the user to act for.',
      examples: ['@ana'],
    },
  },
};

/** The frame with which the server answers a client's frame; `problem` for the others. */
const REPLIES: Readonly<Record<string, string>> = { send: 'reply', ping: 'pong' };

const operation = (action: 'send' | 'receive', key: string, { summary }: FrameMessage): object => ({
  action,
  channel: ref(CHANNEL),
  summary,
  messages: [ref(`${CHANNEL}/messages/${key}`)],
});

const send = (key: string, message: FrameMessage): object => operation('send', key, message);

const receive = (key: string, message: FrameMessage): object => ({
  ...operation('receive', key, message),
  reply: {
    channel: ref(CHANNEL),
    messages: [ref(`${CHANNEL}/messages/${REPLIES[key] ?? 'problem'}`)],
  },
});

/** By type. If a class serves two types, the message allows only one of them. */
const clientMessages = (frames: Frames, schemas: Readonly<Record<string, Schema>>): Record<string, FrameMessage> =>
  Object.fromEntries(
    Object.entries(frames).map(([type, { name }]) => {
      const isItsOwn = schemas[name]!.properties!.type!.enum!.length === 1;
      const whole = ref(`#/components/schemas/${name}`);
      const payload = isItsOwn ? whole : { allOf: [whole, { properties: { type: { enum: [type] } } }] };
      return [type, message(type, payload, CLIENT_TEXTS[type])];
    }),
  );

/** By the class's name, since `typing` goes both ways. */
const serverMessages = (frames: Frames): Record<string, FrameMessage> =>
  Object.fromEntries(
    Object.entries(frames).map(([type, { name }]) => {
      const key = name[0]!.toLowerCase() + name.replace(/Frame$/, '').slice(1);
      return [key, message(type, ref(`#/components/schemas/${name}`), SERVER_TEXTS[type])];
    }),
  );

function message(type: string, payload: Schema, text: FrameText | undefined): FrameMessage {
  if (!text) throw new Error(`the frame ${type} has no description`);
  return { name: type, title: type, ...text, payload };
}

function frameSchemas(app: INestApplication, client: Frames, server: Frames): Record<string, Schema> {
  const classes = [...Object.values(client), ...Object.values(server)];
  const base = new DocumentBuilder().setOpenAPIVersion('3.1.0').build();
  const all = schemasOf(SwaggerModule.createDocument(app, base, { extraModels: classes }));
  const ofClient = reachable(all, namesOf(client));
  const ofServer = reachable(all, namesOf(server));
  const both = [...ofClient].filter((name) => ofServer.has(name));
  if (both.length > 0) throw new Error(`both sides send ${both.join(', ')}, so it can be neither closed nor open`);
  close(all, ofClient);
  const schemas = Object.fromEntries([...ofClient, ...ofServer].toSorted().map((name) => [name, all[name]!]));
  const faults = fieldsFaults(schemas);
  if (faults.length > 0) throw new Error(`the AsyncAPI document is incomplete:\n  ${faults.join('\n  ')}`);
  return asJsonSchema(schemas);
}

const namesOf = (frames: Frames): string[] => Object.values(frames).map(({ name }) => name);

/** JSON Schema has `examples`, OpenAPI has `example`. A field may itself have that name; then it is no schema. */
const asJsonSchema = (schemas: Record<string, Schema>): Record<string, Schema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withExamples(schema)]));

function withExamples({ example, properties, ...schema }: Schema): Schema {
  return {
    ...schema,
    ...(properties && { properties: asJsonSchema(properties) }),
    ...(example !== undefined && { examples: [example] }),
  };
}

const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1);
