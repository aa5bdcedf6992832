import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseJsonObject } from '../common/json-object.js';
import { notJson, tooLarge } from '../common/problems.js';

export const MAX_BODY_BYTES = 2 * 1024 * 1024;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * The object in a body; undefined where the body is empty.
 * @throws not-json (415), malformed (400), invalid (422): a reserved name
 */
export function parseJsonBody(headers: IncomingHttpHeaders, body: Buffer): object | undefined {
  if (body.length === 0) return undefined;
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw notJson();
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw notJson('Compressed bodies are not taken.');
  return parseJsonObject(body, 'body');
}

const BODYLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Reads and parses a request's body.
 * @throws too-large (413) and whatever parseJsonBody throws. Never settles where the client goes away.
 */
export function readJsonBody(request: IncomingMessage): Promise<object | undefined> {
  const { headers, method = 'GET' } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody || BODYLESS.has(method)) return Promise.resolve(undefined);
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return Promise.reject(tooLarge());
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
        resolve(parseJsonBody(headers, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    });
  });
}
