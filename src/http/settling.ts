/**
 * What follows the end of messages that nobody hears, without a tick for each of them.
 *
 * Node comes back from every read to look for ticks, and the first tick costs more than all that is done in it.
 */
import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from './clock.js';
import { throwLater } from './outgoing.js';

/** Something that has an end to settle. */
export interface Settling {
  settle(): void;
  /** Whose turn is behind this one's; null for the last, undefined for who is not in the line. */
  nextDue: Settling | null | undefined;
}

/** One that says what those of handles say: who looks for what holds the process up is not to find it. */
class Scope extends AsyncResource {
  hasRef(): boolean {
    return false;
  }
}

/** Of nobody's context: what is settled here is not of one request. */
const scope = new Scope('HTTPSETTLING');

// The line of those that are due.
let first: Settling | null = null;
let last: Settling | null = null;
let isScheduled = false;

/**
 * Calls `settle` behind the ticks and the microtasks of this turn: before the next read, of whichever connection, since
 * what waits would be held by all that it refers to, or where none comes, once this round of reads is over.
 */
export function settleSoon(one: Settling): void {
  if (one.nextDue !== undefined) return;
  one.nextDue = null;
  if (last === null) first = one;
  else last.nextDue = one;
  last = one;
  if (isScheduled) return;
  isScheduled = true;
  scope.runInAsyncScope(setImmediate, null, settleLast);
}

function settleLast(): void {
  isScheduled = false;
  settleDue();
}

/** Settles what is due of turns before this one. To be called where a turn begins. */
export function settleDue(): void {
  let one = first;
  first = null;
  last = null;
  while (one !== null) {
    const next: Settling | null = one.nextDue ?? null;
    one.nextDue = undefined;
    try {
      one.settle();
    } catch (error) {
      throwLater(error);
    }
    one = next;
  }
}

/** For a tick. */
export function settle(one: Settling): void {
  one.settle();
}
