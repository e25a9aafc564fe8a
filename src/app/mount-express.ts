/**
 * Applications of Express, mounted in one of ours. They put Express's prototypes under request and response, on which
 * everything behind them would run.
 */
import { expressOnNodeHttp } from '../errors.js';
import { IncomingMessage } from '../http/incoming-message.js';
import type { Handler, Next } from './chain.js';
import type { AppRequest, AppResponse } from './types.js';

interface ExpressApplication {
  (req: AppRequest, res: AppResponse, next: (error?: unknown) => void): unknown;
  readonly request: object;
  readonly response: object;
  readonly handle: unknown;
}

export function isExpressApplication(value: unknown): value is ExpressApplication {
  if (typeof value !== 'function') return false;
  const { request, response, handle } = value as unknown as ExpressApplication;
  return typeof handle === 'function' && typeof request === 'object' && typeof response === 'object';
}

/**
 * The application as middleware: what it hands on is again as it was.
 * @throws (when it is called) ERR_EXPRESS_ON_NODE_HTTP where the request is barewire's, and Express's are node:http's
 */
export function mountedExpress(app: ExpressApplication): Handler {
  return function expressApplication(req, res, next: Next) {
    if (req instanceof IncomingMessage && !(app.request instanceof IncomingMessage))
      throw expressOnNodeHttp();
    const ofRequest: object = Object.getPrototypeOf(req);
    const ofResponse: object = Object.getPrototypeOf(res);
    return app(req, res, (error) => {
      Object.setPrototypeOf(req, ofRequest);
      Object.setPrototypeOf(res, ofResponse);
      return next(error);
    });
  };
}
