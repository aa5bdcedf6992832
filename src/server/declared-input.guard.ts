import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { isReservedName } from '../common/json-object.js';
import { invalid, malformed } from '../common/problems.js';

interface Input {
  readonly query?: object;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly body?: object;
}

/** What a handler declares; `query` is undefined where a DTO class declares it and the pipe checks it. */
interface Declared {
  readonly query?: ReadonlySet<string>;
  readonly hasBody: boolean;
}

/**
 * Refuses what the input pipe never sees: query parameters and fields of routes that declare none, names that mean
 * something to JavaScript, and NUL in a path, which PostgreSQL does not take. Runs after the guard that asks who calls.
 */
@Injectable()
export class DeclaredInputGuard implements CanActivate {
  private readonly declared = new WeakMap<object, Declared>();

  canActivate(context: ExecutionContext): boolean {
    const { query = {}, params = {}, body } = context.switchToHttp().getRequest<Input>();
    const declared = this.declaredBy(context);
    for (const name of Object.keys(query)) {
      if (isReservedName(name) || (declared.query && !declared.query.has(name))) throw unknown(name);
    }
    for (const value of Object.values(params)) {
      if (typeof value === 'string' && value.includes('\0')) throw malformed('The path contains NUL.');
    }
    const [field] = declared.hasBody ? [] : Object.keys(body ?? {});
    if (field !== undefined) throw unknown(field);
    return true;
  }

  private declaredBy(context: ExecutionContext): Declared {
    const handler = context.getHandler();
    const known = this.declared.get(handler);
    if (known) return known;
    const declared = readDeclared(context.getClass(), handler.name);
    this.declared.set(handler, declared);
    return declared;
  }
}

const unknown = (field: string): Error =>
  invalid(`${field} is not a known field`, [{ field, message: 'is not a known field' }]);

/** Nest keeps a handler's parameters under keys `<type>:<index>`, with `data` where one field is picked. */
function readDeclared(controller: object, method: string): Declared {
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) as Record<string, { data?: unknown }>;
  const of = (type: RouteParamtypes): unknown[] =>
    Object.entries(args ?? {}).flatMap(([key, { data }]) => (key.startsWith(`${type}:`) ? [data] : []));
  const queries = of(RouteParamtypes.QUERY);
  return {
    ...(!queries.includes(undefined) && { query: new Set(queries.map(String)) }),
    hasBody: of(RouteParamtypes.BODY).length > 0,
  };
}
