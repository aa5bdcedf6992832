import { checkedFetch } from './checked-fetch.js';

export interface RawOptions {
  /** An object goes as JSON; a text or bytes go as they are. */
  readonly body?: object | string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer; `code` and `errors` if it is a problem. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly code?: string;
  readonly errors?: readonly { readonly field: string }[];
}

/** A request that the SDK would not make. It is checked against the OpenAPI document all the same. */
export async function raw(url: string, method: string, { body, headers }: RawOptions = {}): Promise<RawAnswer> {
  const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
  const request = new Request(url, {
    method,
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as RequestInit['body']) }),
  });
  const response = await checkedFetch(request);
  const text = await response.text();
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json');
  const problem = isProblem ? (JSON.parse(text) as Pick<RawAnswer, 'code' | 'errors'>) : {};
  return { status: response.status, headers: response.headers, text, ...problem };
}
