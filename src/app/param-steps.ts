/**
 * `app.param('id', handler)`: what is done with a parameter before the handlers of any route that has it, such as to
 * load what it names.
 */
import type { Handler, Next } from './chain.js';
import { parsePathPattern } from './path-pattern.js';
import type { AppRequest, AppResponse } from './types.js';

/** Gets a parameter's value and name. Hands on with `next()`, as middleware does. */
export type ParamHandler = (
  req: AppRequest,
  res: AppResponse,
  next: Next,
  value: string,
  name: string,
) => unknown;

/** The handlers of an application, by the name of their parameter. */
export type ParamHandlers = ReadonlyMap<string, readonly ParamHandler[]>;

/** The handlers for the parameters of a path, in its order, as middleware. Of parameters that are missing none is called. */
export function paramSteps(path: string, handlers: ParamHandlers): Handler[] {
  if (handlers.size === 0) return [];
  const names = new Set(parsePathPattern(path).flatMap((form) => form.names));
  return [...names].flatMap((name) => (handlers.get(name) ?? []).map((handler) => paramStep(name, handler)));
}

function paramStep(name: string, handler: ParamHandler): Handler {
  return function withParam(req, res, next) {
    const value = (req.params as Record<string, string | undefined>)[name];
    return value === undefined ? next() : handler(req, res, next, value, name);
  };
}
