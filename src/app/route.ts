/** Registering routes by their methods' names: `app.get(path, handler)`, `app.route(path).get(handler)`. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { METHODS } from '../wire/tables.js';
import type { Handler } from './chain.js';
import type { ParamsOf } from './path-params.js';
import type { AppRequest, Query } from './types.js';
import type { OutputOf, RouteSchemas } from './validation.js';

/** A handler of a route: its parameters are typed by the path. */
export type RouteHandler<Path extends string> = Handler<AppRequest<ParamsOf<Path>>>;

/** A handler of a route with schemas: what they make of the request is what it sees. */
export type ValidatedHandler<
  Path extends string,
  Body extends StandardSchemaV1 | undefined,
  QueryType extends StandardSchemaV1 | undefined,
  ParamsType extends StandardSchemaV1 | undefined,
> = Handler<
  AppRequest<OutputOf<ParamsType, ParamsOf<Path>>, OutputOf<Body, unknown>, OutputOf<QueryType, Query>>
>;

/** Registers a route, with schemas or without. */
export interface Register<This, PathOf extends string = string> {
  <const Path extends PathOf>(path: Path, ...handlers: RouteHandler<Path>[]): This;
  <
    const Path extends PathOf,
    Body extends StandardSchemaV1 | undefined = undefined,
    QueryType extends StandardSchemaV1 | undefined = undefined,
    ParamsType extends StandardSchemaV1 | undefined = undefined,
    Headers extends StandardSchemaV1 | undefined = undefined,
  >(
    path: Path,
    schemas: RouteSchemas<Body, QueryType, ParamsType, Headers>,
    ...handlers: ValidatedHandler<Path, Body, QueryType, ParamsType>[]
  ): This;
}

/** Where routes are registered. */
export interface RouteTarget {
  on(method: string, path: string, ...handlers: (Handler | RouteSchemas)[]): unknown;
}

/** The names of the methods that have a member, in lower case. Any other method: `on`. */
export type MethodName =
  | 'acl'
  | 'bind'
  | 'checkout'
  | 'copy'
  | 'delete'
  | 'get'
  | 'head'
  | 'link'
  | 'lock'
  | 'm-search'
  | 'merge'
  | 'mkactivity'
  | 'mkcalendar'
  | 'mkcol'
  | 'move'
  | 'notify'
  | 'options'
  | 'patch'
  | 'post'
  | 'propfind'
  | 'proppatch'
  | 'purge'
  | 'put'
  | 'query'
  | 'rebind'
  | 'report'
  | 'search'
  | 'source'
  | 'subscribe'
  | 'trace'
  | 'unbind'
  | 'unlink'
  | 'unlock'
  | 'unsubscribe';

/**
 * One member for each method, and `all` for all: registers a route. CONNECT asks for a tunnel, which no route can give.
 */
export type RouteMethods<This> = {
  [Name in MethodName | 'all']: Register<This>;
};

/** The same for a path that is given already. */
export type PathMethods<Path extends string> = {
  [Name in MethodName | 'all']: (...handlers: RouteHandler<Path>[]) => Route<Path>;
};

/** The methods of the members, as they stand in a request-line. */
const ROUTED = METHODS.filter((method) => method !== 'CONNECT');

/** Puts a member for each method on a prototype that has `on`. */
export function defineRouteMethods(prototype: RouteTarget): void {
  for (const method of [...ROUTED, 'ALL']) {
    Object.defineProperty(prototype, method.toLowerCase(), {
      value(this: RouteTarget, path: string, ...handlers: (Handler | RouteSchemas)[]) {
        return this.on(method === 'ALL' ? '*' : method, path, ...handlers);
      },
      writable: true,
      configurable: true,
    });
  }
}

/** A path with several methods. */
export interface Route<Path extends string = string> extends PathMethods<Path> {}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: its members are defined below, one for each method
export class Route<Path extends string = string> {
  private readonly target: RouteTarget;
  /** What it was made with. */
  readonly path: Path;

  constructor(target: RouteTarget, path: Path) {
    this.target = target;
    this.path = path;
  }

  /** Registers handlers for a method, in any case; '*' for all. */
  on(method: string, ...handlers: RouteHandler<Path>[]): this {
    this.target.on(method, this.path, ...(handlers as unknown as Handler[]));
    return this;
  }
}

for (const method of [...ROUTED, 'ALL']) {
  Object.defineProperty(Route.prototype, method.toLowerCase(), {
    value(this: Route, ...handlers: RouteHandler<string>[]) {
      return this.on(method === 'ALL' ? '*' : method, ...handlers);
    },
    writable: true,
    configurable: true,
  });
}
