/** Registering routes by their methods' names: `app.get(path, handler)`, `app.route(path).get(handler)`. */
import type { IncomingMessage } from 'node:http';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { METHODS } from '../wire/tables.js';
import type { AnyHandler, ErrorHandler, Handler } from './chain.js';
import type { ParamsOf } from './path-params.js';
import type { AppRequest, Query } from './types.js';
import type { OutputOf, RouteSchemas } from './validation.js';

/** No parameters beside those of a path. */
export type NoParams = Record<never, string>;

/** One or several: lists are taken apart. */
export type OneOrMore<One> = One | readonly One[];

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

/**
 * Handlers of a route, error handlers among them, and lists of them. Their parameters are typed by the path, and by
 * those of the path that its application is mounted under.
 */
export type RouteHandlers<Req> = OneOrMore<AnyHandler<Req>>[];

/**
 * The same handlers, but for those that have a request where a handler has its response, and less than four parameters:
 * `(error: unknown, req: AppRequest, res: AppResponse)` would be called as a handler. It can be assigned to an error
 * handler, as any function may leave out the last parameters, so that only its own type tells.
 */
export type Checked<Handlers extends readonly unknown[]> = {
  [Index in keyof Handlers]: Handlers[Index] extends readonly unknown[]
    ? { [Inner in keyof Handlers[Index]]: CheckedOne<Handlers[Index][Inner]> }
    : CheckedOne<Handlers[Index]>;
};

type CheckedOne<One> = One extends (...parameters: infer Parameters) => unknown
  ? Parameters extends [unknown, infer Second, ...infer Others]
    ? 2 extends Others['length']
      ? One
      : Second extends IncomingMessage
        ? never
        : One
    : One
  : One;

/** Registers a route, with schemas or without. */
export interface Register<This, Mounted extends object = NoParams> {
  <
    const Path extends string,
    Handlers extends RouteHandlers<AppRequest<ParamsOf<Path> & Mounted>> = RouteHandlers<
      AppRequest<ParamsOf<Path> & Mounted>
    >,
  >(
    path: Path,
    ...handlers: Handlers & Checked<Handlers>
  ): This;
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
    schemas: RouteSchemas<Body, QueryType, ParamsType, Headers>,
    ...handlers: Handlers & Checked<Handlers>
  ): This;
}

/** The same for a path that is given already. */
export interface RegisterAt<This, Path extends string, Mounted extends object = NoParams> {
  <Handlers extends RouteHandlers<AppRequest<ParamsOf<Path> & Mounted>>>(
    ...handlers: Handlers & Checked<Handlers>
  ): This;
  <
    Body extends StandardSchemaV1 | undefined = undefined,
    QueryType extends StandardSchemaV1 | undefined = undefined,
    ParamsType extends StandardSchemaV1 | undefined = undefined,
    Headers extends StandardSchemaV1 | undefined = undefined,
    Handlers extends RouteHandlers<
      ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>
    > = RouteHandlers<ValidatedRequest<Path, Body, QueryType, ParamsType, Mounted>>,
  >(
    schemas: RouteSchemas<Body, QueryType, ParamsType, Headers>,
    ...handlers: Handlers & Checked<Handlers>
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
    ...handlers: Handlers & Checked<Handlers>
  ): this;
  on<Handlers extends Registrable[]>(method: string, ...handlers: Handlers & Checked<Handlers>): this;
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
