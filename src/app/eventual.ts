/**
 * What becomes of something that is still to come, for the one who waits for it: as with a promise, but done and handed
 * on at once when it is there, where a promise takes a microtask and some objects for each step on the way. An error that
 * nobody waits for is lost: nothing but what waits for the values of handlers gets one.
 */
import { isThenable } from './chain.js';

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

function nop(): void {}

export class Eventual {
  private readonly work: (input: unknown) => unknown;
  private state = PENDING;
  private outcome: unknown = undefined;
  private onFulfilled: (value: unknown) => void = nop;
  private onRejected: (error: unknown) => void = nop;

  /** @param work What is done with it. Its value is the outcome, or that of its promise; what it throws, the error. */
  constructor(work: (input: unknown) => unknown) {
    this.work = work;
  }

  /** Called once: who waits is one. What these throw comes out of `resolve` and `reject`. */
  // biome-ignore lint/suspicious/noThenProperty: who takes any promise takes this as well
  then(onFulfilled: (value: unknown) => void, onRejected: (error: unknown) => void): void {
    if (this.state === FULFILLED) onFulfilled(this.outcome);
    else if (this.state === REJECTED) onRejected(this.outcome);
    this.onFulfilled = onFulfilled;
    this.onRejected = onRejected;
  }

  /** It is there. */
  resolve(input: unknown): void {
    let result: unknown;
    try {
      result = this.work(input);
    } catch (error) {
      this.reject(error);
      return;
    }
    if (!isThenable(result)) {
      this.fulfill(result);
      return;
    }
    Promise.resolve(result).then(
      (value) => this.fulfill(value),
      (error: unknown) => this.reject(error),
    );
  }

  /** It will not come. */
  reject(error: unknown): void {
    this.state = REJECTED;
    this.outcome = error;
    this.onRejected(error);
  }

  private fulfill(value: unknown): void {
    this.state = FULFILLED;
    this.outcome = value;
    this.onFulfilled(value);
  }
}
