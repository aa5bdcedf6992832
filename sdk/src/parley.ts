import createClient, { type Client } from 'openapi-fetch';
import { Live, type LiveOptions } from './live.js';
import { Operations, operations } from './operations.js';
import { ParleyError } from './parley-error.js';
import type { components, paths } from './schema.js';
import type { CallOptions, Input, Output } from './types.js';

type OperationName = keyof typeof operations;
type Tokens = components['schemas']['Tokens'];

/** The tokens of a login that a client needs. */
export type HeldTokens = Pick<Tokens, 'accessToken' | 'refreshToken'>;

export interface ParleyOptions {
  /** Address of the server, for instance `https://chat.example.com`. */
  readonly baseUrl: string;
  /** A user's access token. Once it has run out, calls fail with `not-signed-in`. */
  readonly accessToken?: string;
  /** A user's tokens, as `createSession` answers them; they are renewed when the access token has run out. */
  readonly tokens?: HeldTokens;
  /** Called with renewed tokens. Store them: the older refresh token will not be valid for much longer. */
  readonly onTokens?: (tokens: Tokens) => void;
  /** An application's key; keep it out of browsers. */
  readonly apiKey?: string;
  /** Address of the user that the application acts for. */
  readonly onBehalfOf?: string;
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** The operations that answer pages. */
type Paged = { [K in OperationName]: Output<K> extends { items: unknown[]; next?: string } ? K : never }[OperationName];
type Item<K extends Paged> = Output<K> extends { items: (infer T)[] } ? T : never;

/** A client of one server, for one caller. */
export class Parley extends Operations {
  private readonly http: Client<paths>;
  private tokens: Partial<HeldTokens>;
  private renewing: Promise<void> | undefined;

  constructor(private readonly options: ParleyOptions) {
    super();
    this.tokens = options.tokens ?? (options.accessToken === undefined ? {} : { accessToken: options.accessToken });
    this.http = createClient<paths>({
      baseUrl: options.baseUrl,
      ...(options.fetch && { fetch: options.fetch }),
    });
  }

  /** The same client with other options: for another user of the same application, for instance. */
  with(options: Partial<ParleyOptions>): Parley {
    return new Parley({ ...this.options, ...options });
  }

  /**
   * Follows the user's conversations over a WebSocket: `for await (const message of client.live())`. It connects at once,
   * and again whenever the connection is lost; `close()` ends it.
   */
  live(options: LiveOptions = {}): Live {
    const { apiKey, onBehalfOf, baseUrl } = this.options;
    return new Live(
      {
        api: this,
        url: `${baseUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/live`,
        token: () => (apiKey === undefined ? this.tokens.accessToken : undefined),
        headers: {
          ...(apiKey !== undefined && { 'X-Api-Key': apiKey }),
          ...(apiKey !== undefined && onBehalfOf !== undefined && { 'On-Behalf-Of': onBehalfOf }),
        },
        renew: () => (this.tokens.refreshToken === undefined ? undefined : this.renew()),
      },
      options,
    );
  }

  /** The items of every page, one after the other: `for await (const message of client.each('listMessages', { read: false }))`. */
  async *each<K extends Paged>(name: K, input?: Input<K>, options?: CallOptions): AsyncGenerator<Item<K>, void> {
    let cursor: string | undefined;
    do {
      const page = (await this.call(name, { ...input, ...(cursor !== undefined && { cursor }) }, options)) as {
        items: Item<K>[];
        next?: string;
      };
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  protected async call<K extends OperationName>(
    name: K,
    input: object | undefined,
    options: CallOptions | undefined,
  ): Promise<Output<K>> {
    const { accessToken } = this.tokens;
    const answer = await this.send(name, input, options);
    if (answer.response.ok) return answer.data as Output<K>;
    const isExpired = answer.error?.code === 'not-signed-in';
    const mayRenew = isExpired && this.tokens.refreshToken !== undefined && name !== 'refreshSession';
    if (!mayRenew) throw new ParleyError(answer.response, answer.error);
    if (this.tokens.accessToken === accessToken) await this.renew(); // else another call has renewed them meanwhile
    const second = await this.send(name, input, options);
    if (!second.response.ok) throw new ParleyError(second.response, second.error);
    return second.data as Output<K>;
  }

  private async send(name: OperationName, input: object = {}, options: CallOptions = {}): Promise<Answer> {
    const { method, path, inPath, inQuery, hasBody } = operations[name] as OperationRoute;
    const parts = { path: {}, query: {}, body: {} };
    for (const [key, value] of Object.entries(input) as [string, unknown][]) {
      if (inPath.includes(key)) assertSegment(key, value);
      const part = inPath.includes(key) ? parts.path : inQuery.includes(key) ? parts.query : parts.body;
      Object.assign(part, { [key]: value });
    }
    const request = this.http.request as unknown as Send;
    return request(method, path, {
      params: { path: parts.path, query: parts.query },
      headers: this.headers(name, options),
      ...(hasBody && { body: parts.body }),
      ...(options.signal && { signal: options.signal }),
    });
  }

  private headers(name: OperationName, { onBehalfOf = this.options.onBehalfOf }: CallOptions): Record<string, string> {
    const { apiKey } = this.options;
    const { accessToken } = this.tokens;
    return {
      ...(apiKey !== undefined && { 'X-Api-Key': apiKey }),
      ...(apiKey !== undefined && onBehalfOf !== undefined && { 'On-Behalf-Of': onBehalfOf }),
      ...(accessToken !== undefined && name !== 'refreshSession' && { Authorization: `Bearer ${accessToken}` }),
    };
  }

  /** Calls that fail together wait for one renewal, since a refresh token can be used once. */
  private renew(): Promise<void> {
    this.renewing ??= this.renewOnce().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async renewOnce(): Promise<void> {
    const tokens = await this.call('refreshSession', { refreshToken: this.tokens.refreshToken }, undefined);
    this.tokens = tokens;
    this.options.onTokens?.(tokens);
  }
}

/** In a URL these would lead to another path: removing the member `..` would remove the group. */
function assertSegment(name: string, value: unknown): void {
  if (['', '.', '..'].includes(String(value))) throw new TypeError(`${name} cannot be '${String(value)}'`);
}

/** The route of an operation, and where its arguments go. */
interface OperationRoute {
  readonly method: string;
  readonly path: string;
  readonly inPath: readonly string[];
  readonly inQuery: readonly string[];
  readonly hasBody: boolean;
}

interface Answer {
  readonly response: Response;
  readonly data?: unknown;
  readonly error?: Partial<components['schemas']['ProblemDetails']>;
}

/** `request` of openapi-fetch without the types of each path: `Input` and `Output` have checked them. */
type Send = (method: string, path: string, init: object) => Promise<Answer>;
