import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { isReservedName } from '../common/json-object.js';
import { invalid, malformed } from '../common/problems.js';
import { readInput } from '../common/read-input.js';
import { readJsonBody, type BodyRequest } from './json-body.js';

interface InputRequest extends BodyRequest {
  readonly url: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What a handler declares of its input by `@Body()` and `@Query()`. */
interface Declared {
  readonly body?: Type<object>;
  /** Of the whole query; undefined: `names` are all that there may be. */
  readonly query?: Type<object>;
  readonly names: ReadonlySet<string>;
}

/**
 * All input comes in here: reads the body, refuses what the handler does not declare, and checks the rest against its DTO
 * classes, whose instances take the place of `request.body` and `request.query`. It runs after the guard that asks who
 * calls, so that nobody's body is read before. Why a guard of our own, and not a pipe or an interceptor:
 * docs/decisions/0006-own-input-reading.md
 *
 * @throws too-large (413), not-json (415), malformed (400); invalid (422), naming each refused field
 */
@Injectable()
export class InputGuard implements CanActivate {
  private readonly declared = new WeakMap<object, Declared>();

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<InputRequest>();
    const declared = this.declaredBy(context);
    const body = readJsonBody(request);
    return body ? body.then((fields) => takeInput(request, declared, fields)) : takeInput(request, declared);
  }

  private declaredBy(context: ExecutionContext): Declared {
    const handler = context.getHandler();
    let declared = this.declared.get(handler);
    if (!declared) this.declared.set(handler, (declared = readDeclared(context.getClass(), handler.name)));
    return declared;
  }
}

function takeInput(request: InputRequest, { body, query, names }: Declared, fields: object = {}): true {
  const given = request.url.includes('?') ? request.query : {}; // Express parses it whenever it is asked for it
  for (const name of Object.keys(given)) {
    if (isReservedName(name) || (!query && !names.has(name))) throw unknown(name);
  }
  for (const value of Object.values(request.params)) {
    if (typeof value === 'string' && value.includes('\0')) throw malformed('The path contains NUL.'); // PostgreSQL takes none
  }
  if (body) request.body = readInput(body, fields);
  else for (const name of Object.keys(fields)) throw unknown(name);
  if (query) Object.defineProperty(request, 'query', { value: readInput(query, given) }); // a getter until now
  return true;
}

const unknown = (field: string): Error =>
  invalid(`${field} is not a known field`, [{ field, message: 'is not a known field' }]);

/** Nest keeps a handler's parameters under keys `<type>:<index>`, with `data` if one field is picked. */
type RouteArgs = Readonly<Record<string, { readonly index: number; readonly data?: unknown }>>;

function readDeclared(controller: Type, method: string): Declared {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as RouteArgs;
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, method) as Type<object>[];
  const of = (source: RouteParamtypes): RouteArgs[string][] =>
    Object.entries(args).flatMap(([key, arg]) => (key.startsWith(`${source}:`) ? [arg] : []));
  const [body] = of(RouteParamtypes.BODY);
  const queries = of(RouteParamtypes.QUERY);
  const whole = queries.find(({ data }) => data === undefined);
  return {
    ...(body && { body: types[body.index] }),
    ...(whole && { query: types[whole.index] }),
    names: new Set(queries.map(({ data }) => String(data))),
  };
}
