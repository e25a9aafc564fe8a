/**
 * What follows the end of messages that nobody hears, once a turn of the event loop for all of them.
 *
 * Node comes back from every read to look for ticks, and the first tick costs more than all that is done in it.
 */
import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from './clock.js';
import { SCOPE_OPTIONS } from './incoming-message.js';
import { throwLater } from './outgoing.js';

/** Something that has an end to settle. */
export interface Settling {
  settle(): void;
}

/** Of nobody's context: what is settled here is not of one request. */
const scope = new AsyncResource('HTTPSETTLING', SCOPE_OPTIONS);

let due: Settling[] = [];

/** Calls `settle` behind the ticks and the microtasks of this turn, before the next read. */
export function settleSoon(one: Settling): void {
  if (due.push(one) === 1) scope.runInAsyncScope(setImmediate, null, settleAll);
}

/** For a tick. */
export function settle(one: Settling): void {
  one.settle();
}

function settleAll(): void {
  const settling = due;
  due = [];
  for (const one of settling) {
    try {
      one.settle();
    } catch (error) {
      throwLater(error);
    }
  }
}
