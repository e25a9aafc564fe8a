/** One request of an application: its route, the handlers of that, and their answer or their error. */
import type * as nodeHttp from 'node:http';
import { methodNotAllowed, notFound } from '../errors.js';
import { announceCloseBehind } from '../http/server-members.js';
import { adopt } from './adopt.js';
import type { Application } from './application.js';
import { type Handler, isThenable, type Next, runChain, type Step } from './chain.js';
import { Eventual } from './eventual.js';
import type { Logging } from './logging.js';
import { NO_PARAMS } from './params-object.js';
import type { RequestIds } from './request-id.js';
import { pathOf } from './request-target.js';
import { allowField, type Router } from './router.js';
import type { Serving } from './serving.js';
import type { AppRequest, AppResponse, Params } from './types.js';

export type RawHandler = (req: nodeHttp.IncomingMessage, res: nodeHttp.ServerResponse) => unknown;

/** What a route comes to. */
export interface Target {
  readonly steps: readonly Step[];
  /** The one handler of a route that nothing stands before or behind: it is called straight. */
  readonly only: Handler | null;
  readonly raw: RawHandler | null;
}

/** The composed routes, until something else is registered. */
export interface Composed {
  readonly router: Router<Target>;
  readonly unrouted: readonly Step[];
}

/** What handling a request takes of its application. */
export interface HandlingParts {
  readonly serving: Serving;
  readonly requestIds: RequestIds;
  readonly logging: Logging | null;
  readonly compose: () => Composed;
}

/** For handlers that cannot get at it. */
const NO_NEXT = undefined as unknown as Next;

export class Handling {
  private readonly app: Application;
  private readonly serving: Serving;
  private readonly requestIds: RequestIds;
  private readonly logging: Logging | null;
  private readonly compose: () => Composed;
  /** Is there something to do for each request before its handlers: an id to tell, a log to keep? */
  private readonly observes: boolean;

  constructor(app: Application, { serving, requestIds, logging, compose }: HandlingParts) {
    this.app = app;
    this.serving = serving;
    this.requestIds = requestIds;
    this.logging = logging;
    this.compose = compose;
    this.observes = requestIds.isTold || logging !== null;
  }

  handle(req: AppRequest, res: AppResponse): void {
    if (this.serving.isClosing) announceCloseBehind(res);
    let router: Router<Target>;
    try {
      router = this.compose().router;
    } catch (error) {
      // What was registered while it served is wrong.
      this.take(req, res);
      this.app.finish(error, req, res);
      return;
    }
    let match: ReturnType<typeof router.match>;
    try {
      match = router.match(req.method, pathOf(req.url));
    } catch (error) {
      this.runUnrouted(error, req, res);
      return;
    }
    if (match === null) {
      this.runUnrouted(null, req, res);
      return;
    }
    const { value, params, route } = match;
    const { only, steps, raw } = value;
    if (raw !== null) {
      this.callRaw(raw, req, res);
      return;
    }
    this.take(req, res);
    // Without any it makes an object of its own when it is asked: handlers may put something on it.
    if (params !== NO_PARAMS) req.params = params as Params;
    req.route = route;
    if (only !== null) this.callOnly(only, req, res);
    else runChain(steps, refuseUnanswered, req, res, this.app);
  }

  /**
   * What stands before the routes, a log among it, is for what has no route as well.
   * @param error What is wrong with the path; null where nothing is.
   */
  private runUnrouted(error: unknown, req: AppRequest, res: AppResponse): void {
    const { router, unrouted } = this.compose();
    const { method } = req;
    const path = pathOf(req.url);
    this.take(req, res);
    const finale = (_req: AppRequest, answer: AppResponse) => {
      if (error !== null) throw error;
      return answerUnrouted(router, req, method, path, answer);
    };
    runChain(unrouted, finale, req, res, this.app);
  }

  /** The request is the application's own from here on, and in its log. */
  private take(req: AppRequest, res: AppResponse): void {
    adopt(this.app, req, res);
    if (!this.observes) return;
    this.requestIds.announce(req, res);
    this.logging?.begin(req, res);
  }

  private callRaw(raw: RawHandler, req: AppRequest, res: AppResponse): void {
    try {
      const result = raw(req, res);
      if (isThenable(result)) {
        Promise.resolve(result).then(undefined, (error: unknown) => {
          adopt(this.app, req, res);
          this.app.finish(error, req, res);
        });
      }
    } catch (error) {
      adopt(this.app, req, res);
      this.app.finish(error, req, res);
    }
  }

  /** The straight way: one handler, nothing around it. */
  private callOnly(handler: Handler, req: AppRequest, res: AppResponse): void {
    try {
      const result = handler(req, res, NO_NEXT);
      if (isThenable(result)) {
        this.respondLater(result, req, res);
        return;
      }
      const sent = this.app.respond(req, res, result);
      if (isThenable(sent)) this.settle(sent, req, res);
    } catch (error) {
      this.app.finish(error, req, res);
    }
  }

  private respondLater(result: PromiseLike<unknown>, req: AppRequest, res: AppResponse): void {
    const fail = (error: unknown) => this.app.finish(error, req, res);
    (result instanceof Eventual ? result : Promise.resolve(result)).then((value) => {
      try {
        const sent = this.app.respond(req, res, value);
        if (isThenable(sent)) this.settle(sent, req, res);
      } catch (error) {
        fail(error);
      }
    }, fail);
  }

  private settle(sent: PromiseLike<unknown>, req: AppRequest, res: AppResponse): void {
    Promise.resolve(sent).then(undefined, (error: unknown) => this.app.finish(error, req, res));
  }
}

/** No route: OPTIONS is answered with what there is, other methods refused with it; or there is nothing here. */
function answerUnrouted(
  router: Router<Target>,
  req: AppRequest,
  method: string,
  path: string,
  res: AppResponse,
): unknown {
  // Of the server as a whole (RFC 9110 section 9.3.7).
  const isOfServer = method === 'OPTIONS' && path === '*';
  const allowed = isOfServer ? router.methods() : router.allowed(path);
  if (allowed.length === 0 && !isOfServer) throw notFound(method, pathOf(req.originalUrl));
  const allow = allowField(allowed);
  if (method !== 'OPTIONS')
    throw Object.assign(methodNotAllowed(method, path), { headers: { Allow: allow } });
  res.statusCode = 204;
  res.setHeader('Allow', allow);
  res.end();
  return undefined;
}

function refuseUnanswered(req: AppRequest): never {
  throw notFound(req.method, pathOf(req.originalUrl));
}
