import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { assertJsonObject, parseJsonObject } from '../common/json-object.js';
import { notJson, tooLarge } from '../common/problems.js';

export const MAX_BODY_BYTES = 2 * 1024 * 1024;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
const BODYLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A request, and its body if a parser of the surrounding application has read it already. */
export interface BodyRequest extends IncomingMessage {
  body?: unknown;
}

/**
 * Reads and parses a request's body; undefined, at once, if it has none.
 * Rejects with too-large (413), not-json (415), malformed (400) or invalid (422): a reserved name. Never settles if the
 * client goes away.
 */
export function readJsonBody(request: BodyRequest): Promise<object | undefined> | undefined {
  const { headers, method = 'GET' } = request;
  const length = Number(headers['content-length'] ?? 0);
  const hasBody = length > 0 || headers['transfer-encoding'] !== undefined;
  if (!hasBody || BODYLESS.has(method)) return undefined;
  if (length > MAX_BODY_BYTES) return Promise.reject(tooLarge());
  return request.body === undefined ? read(request) : take(request);
}

function read(request: BodyRequest): Promise<object | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(tooLarge()); // what still comes is read and dropped, so that the client sees the answer
    });
    request.on('end', () => {
      try {
        resolve(parse(request.headers, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function parse(headers: IncomingHttpHeaders, body: Buffer): object | undefined {
  if (body.length === 0) return undefined;
  assertJsonType(headers);
  return parseJsonObject(body, 'body');
}

// eslint-disable-next-line typescript/require-await
async function take({ headers, body }: BodyRequest): Promise<object> {
  assertJsonType(headers);
  return assertJsonObject(body, 'body');
}

function assertJsonType(headers: IncomingHttpHeaders): void {
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw notJson();
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw notJson('Compressed bodies are not taken.');
}
