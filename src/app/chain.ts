/**
 * The middleware chain: one for both habits. `next()` hands on, as in Express; `await next()` comes back when all
 * behind it is done, as in Koa; a handler's value is the answer.
 *
 * An error, thrown or rejected or given to `next`, goes to the error handlers that stand behind the place where it
 * happened. What none of them takes goes outward: `await next()` rejects with it, and whoever awaits may catch it. What
 * comes out of the whole chain is the final handler's.
 */
import { nextCalledTwice } from '../errors.js';
import { setImmediate } from '../http/clock.js';
import { isMountedUnder, type Mount, mountAt } from './mount.js';
import type { AppRequest, AppResponse } from './types.js';

/** Hands the request on, or an error. Resolves when everything behind has returned. */
export type Next = (error?: unknown) => Promise<void>;
export type Handler<Req = AppRequest, Res = AppResponse> = (req: Req, res: Res, next: Next) => unknown;
export type ErrorHandler<Req = AppRequest, Res = AppResponse> = (
  error: unknown,
  req: Req,
  res: Res,
  next: Next,
) => unknown;

/**
 * A handler or an error handler, in a form by which the compiler types the parameters of either. In a plain union it
 * would type neither, since a function of fewer parameters fits both.
 *
 * It goes by the signatures that have as many parameters as the function, and passes over a member with two of them of
 * which it can say nothing together, as these are, one generic and one not. So a function of four is the first of the
 * hint's, and nothing but that; one of fewer is a `Handler`. What fits is a `Handler` or an `ErrorHandler`, the hint
 * nothing at all.
 */
export type AnyHandler<Req = AppRequest, Res = AppResponse> =
  | Handler<Req, Res>
  | ErrorHandlerHint<Req, Res>
  | UnhintingErrorHandler<Req, Res>;

interface ErrorHandlerHint<Req, Res> {
  (error: unknown, req: Req, res: Res, next: Next): unknown;
  <T>(first: T, second: unknown, third: unknown): never;
}

interface UnhintingErrorHandler<Req, Res> {
  (error: unknown, req: Req, res: Res, next: Next): unknown;
  <T>(error: T, req: Req, res: Res, next: Next): unknown;
}

/** One function of a chain, and when it is called. */
export interface Step {
  readonly run: Handler | ErrorHandler;
  /** Called with errors, and only with them: a function of four parameters. */
  readonly takesErrors: boolean;
  /** Is what it returns the answer? A route's handler's is; middleware returns what it likes. */
  readonly answers: boolean;
  /** What it is mounted under; null for the whole. */
  readonly mount: Mount | null;
  /** Is it known to be for every request of this chain, wherever it is mounted? */
  readonly isCertain: boolean;
  /** Steps of one route have the same: `next('route')` leaves it. */
  readonly route: object | null;
  /** The mounted applications it is in, the innermost last: `next('router')` leaves that one. */
  readonly within: readonly object[];
}

/** What a chain needs of who runs it. */
export interface ChainOwner {
  /** Answers with a handler's value. */
  respond(req: AppRequest, res: AppResponse, value: unknown): unknown;
  /** Hears of an error on its way to the error handlers, whatever they make of it. */
  note(error: unknown, req: AppRequest, res: AppResponse): void;
  /** Takes an error that nobody took. */
  finish(error: unknown, req: AppRequest, res: AppResponse): void;
}

/** `next('route')` leaves the route, `next('router')` the mounted application; the outermost has nothing behind it. */
const SKIP_ROUTE = 'route';
const SKIP_ROUTER = 'router';

/** No error: undefined and null are none either, but may be thrown. */
const NONE = Symbol('barewire.none');

/** Each step that hands on at once is called by the one before: so many, and the next has a stack of its own. Express has as many. */
const STEPS_AT_ONCE = 100;

const DONE: Promise<void> = Promise.resolve();

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * What `next()` returns where there is something to wait for. It knows whether anybody waits: an error that comes back
 * to nobody must not be lost.
 */
class Continuation {
  private readonly promise: Promise<void>;
  private isAwaited = false;

  constructor(run: ChainRun, promise: Promise<void>) {
    this.promise = promise;
    promise.then(undefined, (error: unknown) => {
      // `await` looks at what it was given in a microtask of its own, which may still be to come.
      queueMicrotask(() =>
        queueMicrotask(() => {
          if (!this.isAwaited) run.escape(error);
        }),
      );
    });
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise in all but knowing who awaits it
  then<T, U>(onFulfilled?: (() => T) | null, onRejected?: ((error: unknown) => U) | null) {
    this.isAwaited = true;
    return this.promise.then(onFulfilled, onRejected);
  }

  catch<U>(onRejected?: ((error: unknown) => U) | null) {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null) {
    this.isAwaited = true;
    return this.promise.finally(onFinally);
  }
}

/** One request on its way through a chain. */
class ChainRun {
  private readonly steps: readonly Step[];
  private readonly req: AppRequest;
  private readonly res: AppResponse;
  private readonly owner: ChainOwner;
  /** What is done when every step has handed on. */
  private readonly finale: (req: AppRequest, res: AppResponse) => unknown;
  /** The error that is on its way outward: the error handlers have seen it. */
  private outward: unknown = NONE;

  constructor(
    steps: readonly Step[],
    finale: (req: AppRequest, res: AppResponse) => unknown,
    req: AppRequest,
    res: AppResponse,
    owner: ChainOwner,
  ) {
    this.steps = steps;
    this.finale = finale;
    this.req = req;
    this.res = res;
    this.owner = owner;
  }

  /** Runs the first step from `index` on that is for this. @throws what nobody takes */
  dispatch(index: number, error: unknown): unknown {
    if (index < STEPS_AT_ONCE || index % STEPS_AT_ONCE !== 0) return this.run(index, error);
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(this.run(index, error));
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }

  private run(index: number, error: unknown): unknown {
    const { steps, req } = this;
    if (error !== NONE) this.owner.note(error, req, this.res);
    for (let i = index; i < steps.length; i++) {
      const step = steps[i];
      if (
        step.takesErrors === (error !== NONE) &&
        (step.isCertain || step.mount === null || isMountedUnder(req, step.mount))
      ) {
        return this.call(i, step, error);
      }
    }
    if (error !== NONE) {
      this.outward = error;
      throw error;
    }
    mountAt(req, null);
    try {
      return this.settled(steps.length, true, this.finale(req, this.res));
    } catch (thrown) {
      // Nothing stands behind the end: every error handler is for it.
      return this.dispatch(0, thrown);
    }
  }

  private call(index: number, step: Step, error: unknown): unknown {
    const { req, res } = this;
    mountAt(req, step.mount);
    const next = this.nextOf(index, step);
    let result: unknown;
    try {
      result = step.takesErrors
        ? (step.run as ErrorHandler)(error, req, res, next)
        : (step.run as Handler)(req, res, next);
    } catch (thrown) {
      return this.fail(index, thrown);
    }
    return this.settled(index, step.answers, result);
  }

  /** What a step returned: nothing, a promise to wait for, or the answer. */
  private settled(index: number, answers: boolean, result: unknown): unknown {
    // Most middleware that returns `next()` has nothing to wait for.
    if (result === undefined || result === DONE || result === this.res) return undefined;
    if (isThenable(result)) {
      // Of a thenable that is no promise nobody knows what its then() returns, nor when it throws.
      return Promise.resolve(result).then(
        (value) => {
          if (!answers || value === undefined || value === this.res) return undefined;
          return this.answer(index, value);
        },
        (rejected: unknown) => this.fail(index, rejected),
      );
    }
    return answers ? this.answer(index, result) : undefined;
  }

  private answer(index: number, value: unknown): unknown {
    let sent: unknown;
    try {
      sent = this.owner.respond(this.req, this.res, value);
    } catch (thrown) {
      return this.fail(index, thrown);
    }
    return isThenable(sent) ? sent.then(undefined, (error: unknown) => this.fail(index, error)) : undefined;
  }

  /** An error of this step's: to the error handlers behind it, or outward if they had it already. */
  private fail(index: number, error: unknown): unknown {
    if (error === this.outward) throw error;
    return this.dispatch(index + 1, error);
  }

  private nextOf(index: number, step: Step): Next {
    let isCalled = false;
    return (error?: unknown) => {
      let [from, given] = this.behind(index, step, error);
      // An error of the request's, as any other: thrown at a timer or an event, it would end the process.
      if (isCalled) [from, given] = [index + 1, given === NONE ? nextCalledTwice() : given];
      isCalled = true;
      let result: unknown;
      try {
        result = this.dispatch(from, given);
      } catch (thrown) {
        return new Continuation(this, Promise.reject(thrown)) as unknown as Promise<void>;
      }
      if (!isThenable(result)) return DONE;
      return new Continuation(this, Promise.resolve(result) as Promise<void>) as unknown as Promise<void>;
    };
  }

  /** Where `next(error)` leads: the index to look from, and the error to look with. */
  private behind(index: number, step: Step, error: unknown): [number, unknown] {
    if (error === undefined || error === null || error === false || error === '' || error === 0) {
      return [index + 1, NONE];
    }
    if (error !== SKIP_ROUTE && error !== SKIP_ROUTER) return [index + 1, error];
    const { steps } = this;
    let i = index + 1;
    if (error === SKIP_ROUTE) {
      while (i < steps.length && step.route !== null && steps[i].route === step.route) i++;
    } else {
      const router = step.within.at(-1);
      while (i < steps.length && (router === undefined || steps[i].within.includes(router))) i++;
    }
    return [i, NONE];
  }

  /** An error that came back to a caller of `next()` who did not wait for it. */
  escape(error: unknown): void {
    this.owner.finish(error, this.req, this.res);
  }
}

/** Runs a request through a chain. What nobody takes is the owner's to finish. */
export function runChain(
  steps: readonly Step[],
  finale: (req: AppRequest, res: AppResponse) => unknown,
  req: AppRequest,
  res: AppResponse,
  owner: ChainOwner,
): void {
  try {
    const result = new ChainRun(steps, finale, req, res, owner).dispatch(0, NONE);
    if (isThenable(result)) result.then(undefined, (error: unknown) => owner.finish(error, req, res));
  } catch (error) {
    owner.finish(error, req, res);
  }
}
