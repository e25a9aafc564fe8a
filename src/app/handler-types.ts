/** What may be registered, as the compiler sees it: handlers for this request, and those of other frameworks. */
import type { IncomingMessage } from 'node:http';
import type { AnyHandler, ErrorHandler, Handler } from './chain.js';
import type { kMount } from './symbols.js';

/** One or several: lists are taken apart. */
export type OneOrMore<One> = One | readonly One[];

/**
 * Any function of up to four parameters, without a word on the types of these: of two signatures the compiler takes
 * none for a hint. What of it is accepted, `Checked` decides.
 */
export interface AnyFunction {
  (first: never, second: never, third: never, fourth: never): unknown;
  <T>(first: never, second: never, third: never, fourth: never): T;
}

/**
 * Handlers of a route, error handlers among them, and lists of them. Their parameters are typed by the path, and by
 * those of the path that its application is mounted under.
 */
export type RouteHandlers<Req> = OneOrMore<AnyHandler<Req> | AnyFunction>[];

/**
 * The handlers that may be registered for this request; in the place of any other, what it should be. Nothing is to be
 * inferred from it: behind a handler that is `any`, as passport's are, nothing would be known of the others.
 */
export type Checked<Handlers extends readonly unknown[], Req> = NoInfer<{
  [Index in keyof Handlers]: Handlers[Index] extends readonly unknown[]
    ? CheckedList<Handlers[Index], Req>
    : CheckedOne<Handlers[Index], Req>;
}>;

/** By a name of its own: only so does the compiler leave a list of unknown length a list. */
type CheckedList<List extends readonly unknown[], Req> = {
  [Index in keyof List]: CheckedOne<List[Index], Req>;
};

type CheckedOne<One, Req> = One extends (...parameters: infer Parameters) => unknown
  ? TakesErrorInVain<Parameters> extends true
    ? never
    : One extends Handler<Req> | ErrorHandler<Req>
      ? One
      : IsForeign<Parameters> extends true
        ? One
        : Parameters['length'] extends 4
          ? ErrorHandler<Req>
          : Handler<Req>
  : One;

/**
 * Has it a request where a handler has its response, and less than four parameters? `(error: unknown, req: AppRequest,
 * res: AppResponse)` would be called as a handler. It can be assigned to an error handler, as any function may leave out
 * the last parameters, so that only its own type tells.
 */
type TakesErrorInVain<Parameters extends readonly unknown[]> = Parameters extends [
  unknown,
  infer Second,
  ...infer Others,
]
  ? 2 extends Others['length']
    ? false
    : Second extends IncomingMessage
      ? true
      : false
  : false;

/**
 * Is it typed for the requests of another framework, as all middleware for Express is? It has request and response of
 * node:http with members of that framework's, which it is given here under the same names.
 */
type IsForeign<Parameters extends readonly unknown[]> = Parameters extends [infer First, ...infer Others]
  ? IsForeignRequest<Parameters['length'] extends 4 ? Others[0] : First>
  : false;

/** A request of ours has what another application's may lack: the parameters of its path. */
type IsForeignRequest<Req> = Req extends IncomingMessage
  ? typeof kMount extends keyof Req
    ? false
    : true
  : false;
