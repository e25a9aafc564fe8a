/** What a load balancer asks: may requests be sent here? */
import { invalidArgType, invalidArgValue } from '../errors.js';
import type { Handler } from './chain.js';
import { CHECK_TIMEOUT, RETRY_AFTER } from './limits.js';
import type { AppRequest, AppResponse } from './types.js';

/** Fulfilled, or returns, when what the application leans on can be used; rejects, or throws, when not. */
export type ReadinessCheck = (signal: AbortSignal) => unknown;

export interface ReadinessOptions {
  /** By name, what must be there: a database, a queue. All are asked at once. Default: none. */
  checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Milliseconds that a check may take; one that takes longer has failed, and its signal is aborted. Default 2000. */
  timeout?: number;
  /** Seconds after which to ask again, for Retry-After. Default 5. */
  retryAfter?: number;
}

/** The longest that a timer of Node can be. */
const LONGEST = 2 ** 31 - 1;

/**
 * A handler for the route that is asked: 200 `{"status":"ready"}` while the application serves; 503
 * `{"status":"closing"}` from the moment that `app.close()` is called until it listens again; 503
 * `{"status":"unready","failed":[...]}` with the names of the checks that failed. What they failed with is in the log.
 *
 * Whoever may ask can have the checks made: those who ask at the same time share one answer, and a check that is still
 * running, although its time is over, is not begun again.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 */
export function readiness(options: ReadinessOptions = {}): Handler {
  const { checks = {}, timeout = CHECK_TIMEOUT, retryAfter = RETRY_AFTER } = options;
  if (!(timeout > 0 && timeout <= LONGEST)) {
    throw invalidArgValue('options.timeout', timeout, 'must be a number of milliseconds');
  }
  if (!Number.isSafeInteger(retryAfter) || retryAfter < 0) {
    throw invalidArgValue('options.retryAfter', retryAfter, 'must be a whole number of seconds');
  }
  const named = Object.entries(checks).map(([name, check]) => {
    if (typeof check !== 'function') throw invalidArgType(`checks.${name}`, 'of type function', check);
    return new Check(name, check, timeout);
  });
  /** The answer that is on its way. */
  let asking: Promise<string[]> | null = null;

  async function failedChecks(req: AppRequest): Promise<string[]> {
    const failures = await Promise.all(named.map((check) => check.run(req)));
    return failures.filter((name) => name !== null).sort();
  }

  function refuse(res: AppResponse, answer: object): void {
    res.setHeader('Retry-After', retryAfter);
    res.status(503).json(answer);
  }

  return async (req: AppRequest, res: AppResponse) => {
    // A cached answer would be about another moment.
    res.setHeader('Cache-Control', 'no-store');
    if (req.app.isClosing) return refuse(res, { status: 'closing' });
    if (named.length > 0) {
      asking ??= failedChecks(req).finally(() => {
        asking = null;
      });
      const failed = await asking;
      if (req.app.isClosing) return refuse(res, { status: 'closing' });
      if (failed.length > 0) return refuse(res, { status: 'unready', failed });
    }
    res.json({ status: 'ready' });
  };
}

/** One check. */
class Check {
  private readonly name: string;
  private readonly check: ReadinessCheck;
  private readonly timeout: number;
  private isRunning = false;

  constructor(name: string, check: ReadinessCheck, timeout: number) {
    this.name = name;
    this.check = check;
    this.timeout = timeout;
  }

  /** Null, or the name where it fails. Never rejects. */
  async run(req: AppRequest): Promise<string | null> {
    try {
      if (this.isRunning) throw new Error('Still running since it was asked before');
      await this.withinTime();
      return null;
    } catch (error) {
      try {
        req.log.warn({ err: error, check: this.name }, 'readiness check failed');
      } catch {
        // That the log fails as well is another matter.
      }
      return this.name;
    }
  }

  private async withinTime(): Promise<void> {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`No answer within ${this.timeout} ms`);
        reject(error);
        controller.abort(error);
      }, this.timeout);
    });
    this.isRunning = true;
    const running = (async () => {
      try {
        await this.check(controller.signal);
      } finally {
        this.isRunning = false;
      }
    })();
    try {
      await Promise.race([running, expired]);
    } finally {
      clearTimeout(timer);
    }
  }
}
