import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

interface Schema {
  properties?: object;
  additionalProperties?: unknown;
  [word: string]: unknown;
}

interface Ref {
  $ref: string;
}

/** The parts of an AsyncAPI document that a frame is checked against. */
interface Document {
  operations: Record<string, { action: 'send' | 'receive'; messages: Ref[] }>;
  components: {
    messages: Record<string, { name: string; payload: Schema; examples: { summary: string; payload: object }[] }>;
    schemas: Record<string, Schema>;
  };
}

/** The sender of a frame. */
export type Side = 'client' | 'server';

const ACTIONS = { receive: 'client', send: 'server' } as const;

export const liveDocument = JSON.parse(readFileSync('asyncapi.json', 'utf8')) as Document;

const ajv = new Ajv({ strict: false, allErrors: true });
(addFormats as unknown as (to: Ajv) => void)(ajv);

/** A field that no schema declares is a fault, in the server's frames too. */
const closed = (schema: Schema): Schema => ({ ...schema, ...(schema.properties && { additionalProperties: false }) });

const { messages, schemas } = liveDocument.components;
ajv.addSchema({
  $id: 'live',
  components: { schemas: Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, closed(one)])) },
});

const inDocument = (schema: Schema): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"live#/')) as object;

/** One kind of frame of the document. */
interface Kind {
  readonly side: Side;
  readonly type: string;
  readonly examples: readonly { readonly summary: string; readonly payload: object }[];
  readonly validate: ValidateFunction;
}

export const frameKinds: readonly Kind[] = Object.values(liveDocument.operations).map((operation) => {
  const { name, payload, examples } = messages[operation.messages[0]!.$ref.split('/').at(-1)!]!;
  return { side: ACTIONS[operation.action], type: name, examples, validate: ajv.compile(inDocument(payload)) };
});

const byType = new Map(frameKinds.map((kind) => [`${kind.side} ${kind.type}`, kind]));

/** The faults of a frame, for people; empty if it matches the document. */
export function frameFaults(side: Side, frame: unknown): string[] {
  const { type } = (frame ?? {}) as { type?: unknown };
  const kind = byType.get(`${side} ${String(type)}`);
  if (!kind) return [`the ${side} has no frame of type ${String(type)}`];
  if (kind.validate(frame)) return [];
  return (kind.validate.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = (params as { additionalProperty?: string }).additionalProperty;
    return `${instancePath || 'the frame'} ${message}${extra === undefined ? '' : `: ${extra}`}`;
  });
}
