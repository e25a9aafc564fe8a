/**
 * Requests and responses of other servers (node:http's, https's, http2's compat API), made the application's. Its own
 * server makes them of its classes, and they pass as they are.
 */
import type { Application } from './application.js';
import { defineRequestMembers, initRequest } from './request.js';
import { defineResponseMembers, initResponse } from './response.js';
import { kLocals, kLog, kOuterBase, kRecord, kTarget } from './symbols.js';
import type { AppRequest, AppResponse } from './types.js';

/** For each application, its members on each prototype that came by. Few: one for each kind of server. */
const lent = new WeakMap<Application, Map<object, object>>();

function lend(app: Application, prototype: object, define: (prototype: object) => void): object {
  let byPrototype = lent.get(app);
  if (byPrototype === undefined) {
    byPrototype = new Map();
    lent.set(app, byPrototype);
  }
  let own = byPrototype.get(prototype);
  if (own === undefined) {
    own = Object.create(prototype) as object;
    define(own);
    Object.defineProperty(own, 'app', { value: app, writable: true, configurable: true });
    byPrototype.set(prototype, own);
  }
  return own;
}

/**
 * Makes a request and its response the application's own. The first time, nothing has changed `url` yet, unless another
 * framework, or another application, has this one as middleware: what that has read of the request, and where it has
 * mounted it, stays.
 */
export function adopt(app: Application, req: AppRequest, res: AppResponse): void {
  if (req.app === app) {
    if (req.originalUrl === '') req.originalUrl = req.url;
    return;
  }
  Object.setPrototypeOf(req, lend(app, Object.getPrototypeOf(req), defineRequestMembers));
  Object.setPrototypeOf(res, lend(app, Object.getPrototypeOf(res), defineResponseMembers));
  // Another application's: the id stays, the log is this one's.
  if (req[kLog] !== null) req[kLog] = null;
  if (req[kRecord] !== null) req[kRecord] = null;
  const { url, originalUrl, baseUrl, body } = req as Partial<AppRequest> & AppRequest;
  const locals = res[kLocals];
  initRequest(req);
  initResponse(res);
  req.originalUrl = url;
  if (body !== undefined) req.body = body;
  if (locals) res[kLocals] = locals;
  if (typeof originalUrl === 'string' && originalUrl !== '' && originalUrl !== url) {
    req.originalUrl = originalUrl;
    req[kTarget] = url;
    req[kOuterBase] = typeof baseUrl === 'string' ? baseUrl : '';
    req.baseUrl = req[kOuterBase];
  }
  req.res = res;
  res.req = req;
}
