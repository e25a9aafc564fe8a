/** createApp: what people register, and the listener that it comes to. */
import type * as nodeHttp from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { invalidArgType, invalidArgValue } from '../errors.js';
import { process } from '../http/process.js';
import type { AnyHandler, ChainOwner, Handler } from './chain.js';
import type { CloseOptions } from './draining.js';
import { answerError, type OnError, tellListener } from './final-handler.js';
import { type ForwardedFields, type Forwarding, forwardingOf, type TrustProxy } from './forwarded.js';
import type { AnyFunction, Checked, OneOrMore, RouteHandlers } from './handler-types.js';
import { type Composed, Handling, type RawHandler, type Target } from './handling.js';
import { type Injected, type InjectOptions, inject } from './inject.js';
import { type Logger, Logging, type LoggingOptions } from './logging.js';
import { checkMountPath, mountOf } from './mount.js';
import { isExpressApplication, mountedExpress } from './mount-express.js';
import type { ParamHandler } from './param-steps.js';
import type { ParamsOf } from './path-params.js';
import { mayReachNext } from './reaches-next.js';
import { checkedHandlers, checkedOffset, placeOfCaller } from './registration.js';
import { compose, type Entry } from './registry.js';
import { createRequestClass } from './request.js';
import { type RequestIdOptions, RequestIds } from './request-id.js';
import { type EtagOption, etagOptionOf, type RespondOptions, respond } from './respond.js';
import { createResponseClass } from './response.js';
import {
  defineRouteMethods,
  type NoParams,
  type Register,
  type Registrable,
  Route,
  type RouteMethods,
  type RouteTarget,
} from './route.js';
import { Router } from './router.js';
import { type ListenCallback, type ListenOptions, listenOptionsOf, Serving } from './serving.js';
import { settingOf } from './settings.js';
import { kForwarding, kLogging, kOwner, kRequestIds, kRespondOptions, kSubdomainOffset } from './symbols.js';
import type { AppRequest, AppResponse } from './types.js';
import { withSchemas } from './validation.js';

export interface ApplicationOptions {
  /** Does case matter in paths? Default false, as in Express. */
  caseSensitive?: boolean;
  /** Is `/a/` another path than `/a`? Default false, as in Express. */
  strict?: boolean;
  /** Whose word on where a request comes from is believed. Default false: nobody's. */
  trustProxy?: TrustProxy;
  /** The fields that those proxies write. Default 'x-forwarded'; the other ones are never read. */
  forwardedFields?: ForwardedFields;
  /**
   * The entity-tag of content that is at hand as a whole, with GET and HEAD: 'weak' (or true), 'strong', or a function
   * of the content. Conditional requests are answered by it with 304. Default false: it costs a hash of each response.
   */
  etag?: EtagOption | true;
  /** How many labels of a host name, from its end, are not in `req.subdomains`. Default 2, as in Express. */
  subdomainOffset?: number;
  /** Tell clients the message and stack of a 500. Default: NODE_ENV is 'development'. */
  development?: boolean;
  /** Where requests are logged: pino, or a logger with its members. Default none, and nothing is written. */
  logger?: Logger;
  /** What is written of them. */
  logging?: LoggingOptions;
  /** Where `req.id` comes from, and goes to. Default: a random UUID, of which nobody is told. */
  requestId?: RequestIdOptions;
}

type Registered = AnyHandler<AppRequest> | AnyFunction | Application;

function isApplication(value: unknown): value is Application {
  return value instanceof Application;
}

export interface Application<Mounted extends object = NoParams>
  extends Omit<RouteMethods<Application<Mounted>, Mounted>, 'get'> {
  /** Registers a route for GET and HEAD; or, with the name of one of Express's settings alone, tells what that is here. */
  get: ((setting: string) => unknown) & Register<Application<Mounted>, Mounted>;
}
/**
 * An application.
 * @typeParam Mounted The parameters of the path that it is to be mounted under: its handlers see them as well.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: route.ts defines a member for each method
export class Application<Mounted extends object = NoParams> implements ChainOwner {
  private readonly entries: Entry[] = [];
  private readonly rawRoutes: { method: string; path: string; handler: RawHandler; place?: string }[] = [];
  private readonly settings: ApplicationOptions;
  private composed: Composed | null = null;
  /** Applications that this one is mounted in: what is registered here changes them too. */
  private readonly parents: Application[] = [];
  private errorListener: OnError | null = null;
  private readonly isDevelopment: boolean;
  /** Who is believed, for the members of requests. */
  readonly [kForwarding]: Forwarding | null;
  /** How values are answered. */
  readonly [kRespondOptions]: RespondOptions;
  /** Where ids of requests come from. */
  readonly [kRequestIds]: RequestIds;
  /** What is written of requests, if anything is. */
  readonly [kLogging]: Logging | null;
  /** How many labels of a host name are no subdomain, for the member of requests. */
  readonly [kSubdomainOffset]: number;
  private readonly paramHandlers = new Map<string, ParamHandler[]>();
  private readonly serving = new Serving(this);
  /** The server of injected requests. */
  private injected: nodeHttp.Server | null = null;

  /** What the application keeps for its handlers. Without a prototype; nothing here is sent to anybody. */
  readonly locals: Record<string, unknown> = Object.create(null);

  /** The classes of this application's requests and responses: what is put on their prototypes is its own. */
  readonly IncomingMessage: ReturnType<typeof createRequestClass>;
  readonly ServerResponse: ReturnType<typeof createResponseClass>;

  /** A plain listener for 'request', for any server: barewire's, node:http's, https's, http2's with its compat API. */
  readonly handler: (
    req: nodeHttp.IncomingMessage | Http2ServerRequest,
    res: nodeHttp.ServerResponse | Http2ServerResponse,
  ) => void;

  constructor(options: ApplicationOptions = {}) {
    this.settings = options;
    this[kForwarding] = forwardingOf(options.trustProxy, options.forwardedFields);
    this[kSubdomainOffset] = checkedOffset(options.subdomainOffset);
    this.isDevelopment = options.development ?? process.env.NODE_ENV === 'development';
    this[kRespondOptions] = { etag: etagOptionOf(options.etag) };
    this[kRequestIds] = new RequestIds(options.requestId);
    this[kLogging] = options.logger === undefined ? null : new Logging(options.logger, options.logging);
    this.IncomingMessage = createRequestClass(this);
    this.ServerResponse = createResponseClass(this);
    const handling = new Handling(this as Application, {
      serving: this.serving,
      requestIds: this[kRequestIds],
      logging: this[kLogging],
      compose: () => this.composed ?? this.compose(),
    });
    const handler: Application['handler'] = (req, res) =>
      handling.handle(req as AppRequest, res as AppResponse);
    this.handler = handler;
  }

  /** Who answers and finishes, for the members of responses. */
  get [kOwner](): ChainOwner {
    return this;
  }

  /**
   * Registers middleware, error handlers (functions of four parameters) or other applications, for all paths or for
   * those under one. They see `req.url` without that path.
   * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ROUTE_PATH; ERR_INVALID_ARG_VALUE for an application that would be in itself
   */
  use<Handlers extends OneOrMore<Registered>[]>(...handlers: Handlers & Checked<Handlers, AppRequest>): this;
  use<Handlers extends OneOrMore<Registered>[]>(
    path: string,
    ...handlers: Handlers & Checked<Handlers, AppRequest>
  ): this;
  use(first: unknown, ...rest: unknown[]): this {
    const path = typeof first === 'string' ? first : '/';
    const given = typeof first === 'string' ? rest : [first, ...rest];
    const handlers = given.flat(Number.POSITIVE_INFINITY) as Registered[];
    if (handlers.length === 0) throw invalidArgType('handler', 'of type function', undefined);
    checkMountPath(path);
    if (handlers.some((handler) => isApplication(handler) && this.isWithin(handler))) {
      throw invalidArgValue(
        'handler',
        handlers,
        'must not be this application, nor one that it is mounted in',
      );
    }
    for (const handler of handlers) {
      if (isApplication(handler)) {
        handler.parents.push(this);
        this.entries.push({ kind: 'mount', path, entries: handler.entries, params: this.paramHandlers });
      } else {
        const mount = mountOf(path, this.settings.caseSensitive === true);
        const run = isExpressApplication(handler) ? mountedExpress(handler) : handler;
        this.entries.push({ kind: 'middleware', mount, handlers: checkedHandlers([run]) });
      }
    }
    this.changed();
    return this;
  }

  /**
   * Registers a route. Its handler's value is the answer.
   * @param method A method, in any case; '*' for all.
   * @param path A pattern: see path-pattern.ts.
   * @param first Schemas for parts of the request, or the first handler.
   * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; ERR_ROUTE_CONFLICT and ERR_INVALID_ROUTE_PATH when it
   *   listens, or `routes()` is called
   */
  on<
    const Path extends string,
    Handlers extends RouteHandlers<AppRequest<ParamsOf<Path> & Mounted>> = RouteHandlers<
      AppRequest<ParamsOf<Path> & Mounted>
    >,
  >(
    method: string,
    path: Path,
    ...handlers: Handlers & Checked<Handlers, AppRequest<ParamsOf<Path> & Mounted>>
  ): this;
  on<Given extends Registrable[]>(
    method: string,
    path: string,
    ...given: Given & Checked<Given, AppRequest>
  ): this;
  on(method: string, path: string, ...given: unknown[]): this {
    if (typeof path !== 'string') throw invalidArgType('path', 'of type string', path);
    this.entries.push({
      kind: 'route',
      method: method.toUpperCase(),
      path,
      handlers: checkedHandlers(withSchemas(given)),
      place: placeOfCaller(),
      params: this.paramHandlers,
    });
    this.changed();
    return this;
  }

  /**
   * Registers what is done with a parameter, or with each of several, before the handlers of any route of this
   * application that has it, and of those mounted under a path that has it. Once a request: it is for one route.
   * @throws ERR_INVALID_ARG_TYPE
   */
  param(name: string | readonly string[], handler: ParamHandler): this {
    checkedHandlers([handler]);
    for (const one of typeof name === 'string' ? [name] : name) {
      if (typeof one !== 'string') throw invalidArgType('name', 'of type string', one);
      const present = this.paramHandlers.get(one);
      if (present === undefined) this.paramHandlers.set(one, [handler]);
      else present.push(handler);
    }
    this.changed();
    return this;
  }

  /** Is one of Express's settings on? See `get`. */
  enabled(setting: string): boolean {
    return Boolean(settingOf(setting, this.settings, this.isDevelopment));
  }

  /** Is it off? */
  disabled(setting: string): boolean {
    return !this.enabled(setting);
  }

  /** A path to register several methods for: `app.route('/a').get(...).post(...)`. */
  route<const Path extends string>(path: Path): Route<Path, Mounted> {
    return new Route(this as RouteTarget, path);
  }

  /** Hands a route the bare `(req, res)`, before any middleware. */
  raw(method: string, path: string, handler: RawHandler): this {
    checkedHandlers([handler]);
    this.rawRoutes.push({ method: method.toUpperCase(), path, handler, place: placeOfCaller() });
    this.changed();
    return this;
  }

  /**
   * Takes the errors that no error handler took, before the client is told: of each response the first. One for the
   * application; the last counts.
   */
  onError(listener: OnError): this {
    checkedHandlers([listener]);
    this.errorListener = listener;
    return this;
  }

  /** The routes, those of mounted applications among them. @throws ERR_ROUTE_CONFLICT, ERR_INVALID_ROUTE_PATH */
  routes(): { method: string; path: string; place?: string }[] {
    return this.compose().router.routes();
  }

  /**
   * Listens: on a port, or where the options say (`port`, `host`, `path` of a Unix socket, `tls`, and all of net's).
   * A text is the path of a socket, or a port if it is a number, as in node:net.
   * @param rest The host of a port; last, for the habit of Express, a function that is called with nothing, or with
   *   the error, when the promise is settled.
   * @returns (resolves with) the server
   * @throws (rejects with) what hinders it, such as EADDRINUSE; ERR_APPLICATION_CLOSING while it is closing; what is
   *   wrong with the routes, as `routes()`
   */
  listen(
    where: number | string | ListenOptions | ListenCallback = {},
    ...rest: [host?: string | ListenCallback, callback?: ListenCallback]
  ): Promise<nodeHttp.Server> {
    const callback = [where, ...rest].find((one) => typeof one === 'function');
    const listening = this.serving.listen(listenOptionsOf(where, rest[0]));
    if (callback !== undefined) listening.then(() => callback(), callback);
    return listening;
  }

  /**
   * Ends it: `isReady` turns false, no connection is accepted any more, what is in flight is answered, and clients are
   * told by `Connection: close`. Fulfilled when all connections have ended, at the latest soon after the deadline.
   * Called again, it can only end sooner. See docs/shutdown.md.
   * @throws (rejects with) ERR_INVALID_ARG_VALUE
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.serving.close(options);
  }

  /**
   * Calls a function when `close()` is called: for what does not end by itself, as event streams and WebSockets. Close
   * waits for what it returns, and rejects with what it throws, when all else has ended.
   */
  onClose(listener: () => unknown): this {
    checkedHandlers([listener]);
    this.serving.onClose(listener);
    return this;
  }

  /** `await using app = createApp()`: closed at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Does it listen, and is not about to end? What a readiness check asks. */
  get isReady(): boolean {
    return this.serving.isReady;
  }

  /** Was `close()` called, and not `listen()` since? What is in flight may still be being answered. */
  get isClosing(): boolean {
    return this.serving.isClosing;
  }

  /** Runs a request through the whole of it, without a network. @throws (rejects with) as `listen` */
  async inject(request: string | InjectOptions): Promise<Injected> {
    this.compose();
    this.injected ??= this.serving.makeServer({});
    return inject(this.injected, typeof request === 'string' ? { url: request } : request);
  }

  private isWithin(other: Application): boolean {
    return (this as Application) === other || this.parents.some((parent) => parent.isWithin(other));
  }

  private changed(): void {
    this.composed = null;
    for (const parent of this.parents) parent.changed();
  }

  private compose(): Composed {
    if (this.composed !== null) return this.composed;
    const caseSensitive = this.settings.caseSensitive === true;
    const router = new Router<Target>({ caseSensitive, strict: this.settings.strict === true });
    const { routes, unrouted } = compose(this.entries, caseSensitive);
    for (const { method, path, place, steps } of routes) {
      const [{ run, mount, takesErrors }] = steps;
      const isStraight = steps.length === 1 && mount === null && !takesErrors && !mayReachNext(run);
      const only = isStraight ? (run as Handler) : null;
      router.add(method, path, { steps, only, raw: null }, place);
    }
    for (const { method, path, place, handler } of this.rawRoutes) {
      router.add(method, path, { steps: [], only: null, raw: handler }, place);
    }
    this.composed = { router, unrouted };
    return this.composed;
  }

  static {
    defineRouteMethods(Application.prototype as RouteTarget);
    const { get } = Application.prototype;
    Object.defineProperty(Application.prototype, 'get', {
      value(this: Application, path: string, ...handlers: Registrable[]): unknown {
        // Paths begin otherwise: one without a handler stays the mistake that it is.
        return handlers.length === 0 && /^[a-z]/i.test(path)
          ? settingOf(path, this.settings, this.isDevelopment)
          : Reflect.apply(get, this, [path, ...handlers]);
      },
      writable: true,
      configurable: true,
    });
  }

  respond(req: AppRequest, res: AppResponse, value: unknown): unknown {
    // It was answered already: what the handler returns is no answer any more.
    if (res.headersSent || res.writableEnded) return undefined;
    return respond(req, res, value, this[kRespondOptions]);
  }

  note(error: unknown, req: AppRequest, res: AppResponse): void {
    this[kLogging]?.note(error, req, res);
  }

  finish(error: unknown, req: AppRequest, res: AppResponse): void {
    this.note(error, req, res);
    if (this.errorListener === null) answerError(error, req, res, this.isDevelopment);
    else tellListener(this.errorListener, error, req, res, this, this.isDevelopment);
  }
}
