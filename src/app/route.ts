/** Registering routes by their methods' names: `app.get(path, handler)`, `app.route(path).get(handler)`. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { METHODS } from '../wire/tables.js';
import type { ErrorHandler, Handler } from './chain.js';
import type { Checked, OneOrMore, RouteHandlers } from './handler-types.js';
import type { ParamsOf } from './path-params.js';
import type { AppRequest, Query } from './types.js';
import type { OutputOf, RouteSchemas } from './validation.js';

/** No parameters beside those of a path. */
export type NoParams = Record<never, string>;

/** What a route's handlers see of a request with schemas: what those make of it. */
export type ValidatedRequest<
  Path extends string,
  Body extends StandardSchemaV1 | undefined,
  QueryType extends StandardSchemaV1 | undefined,
  ParamsType extends StandardSchemaV1 | undefined,
  Mounted extends object = NoParams,
> = AppRequest<
  OutputOf<ParamsType, ParamsOf<Path> & Mounted>,
  OutputOf<Body, unknown>,
  OutputOf<QueryType, Query>
>;

/** Without one of them it would be no schemas: the compiler would take it for a function that it has yet to look at. */
type SomePart = { body: unknown } | { query: unknown } | { params: unknown } | { headers: unknown };

/**
 * Registers a route, with schemas or without. The former stands first: beside a handler that is `any`, as passport's
 * are, the compiler takes schemas for a handler.
 */
export interface Register<This, Mounted extends object = NoParams> {
  <
    const Path extends string,
    Body extends StandardSchemaV1 | undefined = undefined,
    QueryType extends StandardSchemaV1 | undefined = undefined,
    ParamsType extends StandardSchemaV1 | undefined = undefined,
    Headers extends StandardSchemaV1 | undefined = undefined,
    Handlers extends RouteHandlers<
      ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>
    > = RouteHandlers<ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>>,
  >(
    path: Path,
    schemas: RouteSchemas<Body, QueryType, ParamsType, Headers> & SomePart,
    ...handlers: Handlers & Checked<Handlers, ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>>
  ): This;
  <
    const Path extends string,
    Handlers extends RouteHandlers<AppRequest<ParamsOf<Path> & Mounted>> = RouteHandlers<
      AppRequest<ParamsOf<Path> & Mounted>
    >,
  >(
    path: Path,
    ...handlers: Handlers & Checked<Handlers, AppRequest<ParamsOf<Path> & Mounted>>
  ): This;
}

/** The same for a path that is given already. */
export interface RegisterAt<This, Path extends string, Mounted extends object = NoParams> {
  <
    Body extends StandardSchemaV1 | undefined = undefined,
    QueryType extends StandardSchemaV1 | undefined = undefined,
    ParamsType extends StandardSchemaV1 | undefined = undefined,
    Headers extends StandardSchemaV1 | undefined = undefined,
    Handlers extends RouteHandlers<
      ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>
    > = RouteHandlers<ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>>,
  >(
    schemas: RouteSchemas<Body, QueryType, ParamsType, Headers> & SomePart,
    ...handlers: Handlers & Checked<Handlers, ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>>
  ): This;
  <Handlers extends RouteHandlers<AppRequest<ParamsOf<Path> & Mounted>>>(
    ...handlers: Handlers & Checked<Handlers, AppRequest<ParamsOf<Path> & Mounted>>
  ): This;
}

/** What is registered, as it comes. */
export type Registrable = OneOrMore<Handler | ErrorHandler> | RouteSchemas;

/** Where routes are registered. */
export interface RouteTarget {
  on(method: string, path: string, ...handlers: Registrable[]): unknown;
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
export type RouteMethods<This, Mounted extends object = NoParams> = {
  [Name in MethodName | 'all']: Register<This, Mounted>;
};

/** The same for a path that is given already. */
export type PathMethods<Path extends string, Mounted extends object = NoParams> = {
  [Name in MethodName | 'all']: RegisterAt<Route<Path, Mounted>, Path, Mounted>;
};

/** The methods of the members, as they stand in a request-line. */
const ROUTED = METHODS.filter((method) => method !== 'CONNECT');

/** Puts a member for each method on a prototype that has `on`. */
export function defineRouteMethods(prototype: RouteTarget): void {
  for (const method of [...ROUTED, 'ALL']) {
    Object.defineProperty(prototype, method.toLowerCase(), {
      value(this: RouteTarget, path: string, ...handlers: Registrable[]) {
        return this.on(method === 'ALL' ? '*' : method, path, ...handlers);
      },
      writable: true,
      configurable: true,
    });
  }
}

/** A path with several methods. */
export interface Route<Path extends string = string, Mounted extends object = NoParams>
  extends PathMethods<Path, Mounted> {}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: its members are defined below, one for each method
export class Route<Path extends string = string, Mounted extends object = NoParams> {
  private readonly target: RouteTarget;
  /** What it was made with. */
  readonly path: Path;

  constructor(target: RouteTarget, path: Path) {
    this.target = target;
    this.path = path;
  }

  /** Registers handlers for a method, in any case; '*' for all. */
  on<Handlers extends RouteHandlers<AppRequest<ParamsOf<Path> & Mounted>>>(
    method: string,
    ...handlers: Handlers & Checked<Handlers, AppRequest<ParamsOf<Path> & Mounted>>
  ): this;
  on<Handlers extends Registrable[]>(
    method: string,
    ...handlers: Handlers & Checked<Handlers, AppRequest>
  ): this;
  on(method: string, ...handlers: unknown[]): this {
    this.target.on(method, this.path, ...(handlers as Registrable[]));
    return this;
  }
}

for (const method of [...ROUTED, 'ALL']) {
  Object.defineProperty(Route.prototype, method.toLowerCase(), {
    value(this: Route, ...handlers: Registrable[]) {
      return this.on(method === 'ALL' ? '*' : method, ...handlers);
    },
    writable: true,
    configurable: true,
  });
}
