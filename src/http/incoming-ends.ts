/** How the stream of a message that came in ends: read, about to be read, or by nobody. */
import type { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setImmediate } from './clock.js';
import type { Incoming, ReadableFlags } from './incoming-message.js';
import { process } from './process.js';
import { kIsSpent, kReadableState, kScope } from './symbols.js';

/**
 * For everyone from now on the message is a stream that has ended, without a word: its content was taken, or it has
 * none. Most requests have none, and never come to have a stream.
 */
export function markSpent(message: Incoming): void {
  message._dumped = true;
  message[kIsSpent] = true;
  if (message[kReadableState] !== null) markEnded(message[kReadableState]);
}

export function markEnded(state: ReadableFlags): void {
  state.ended = true;
  state.endEmitted = true;
  state.destroyed = true;
  state.closed = true;
  state.closeEmitted = true;
}

/** Does the stream only keep what is pushed, for who has not begun to read? Then nobody's code runs, now or for it. */
export function onlyKeeps(message: Incoming): boolean {
  const state = message[kReadableState];
  return state?.sync === true && !message._consuming && !state.needReadable;
}

/** The message was received to its end: its stream may end. */
export function completeMessage(message: Incoming): void {
  const state = message[kReadableState];
  if (state?.readableListening && state.length > 0) {
    // 'readable' for the content, and once more for the end: who has not read the one must not have the other yet.
    process.nextTick(endReadable, message, message[kScope]);
    return;
  }
  message.complete = true;
  // Nobody reads yet: the end is pushed when the first read comes. A request without content is most often
  // never read, and costs nothing so.
  if (state === null) return;
  if (message._consuming || isWrapped(message)) pushEnd(message);
  else if (state.length > 0) {
    if (state.resumeScheduled) endFlowing(message, state);
    else message.push(null);
  }
  // Who begins to read finds the end; who has begun, but in a later tick, is told by that.
  else if (state.readableListening) message.push(null);
  else if (state.flowing !== true) endUnread(message, state);
}

/**
 * A response was received to its end. Who reads it by 'readable' has one for the content and the end: between the two no
 * ticks run, as they do in node:http between those of a request.
 */
export function completeResponse(response: Incoming): void {
  if (response[kReadableState]?.readableListening) {
    response.complete = true;
    response.push(null);
  } else {
    completeMessage(response);
  }
}

/**
 * Readable.wrap() drops what its reader has not taken when the wrapped stream closes, so the end must not come in the
 * turn of the last content, as it does here. Nobody but wrap() listens for 'destroy'.
 */
function isWrapped(message: Incoming): boolean {
  return message.listenerCount('destroy') > 0;
}

function pushLateEnd(message: Incoming): void {
  if (!message.destroyed) message.push(null);
}

/** Who reads has come to the end of what was received. */
export function pushEnd(message: Incoming): void {
  if (isWrapped(message)) setImmediate(pushLateEnd, message);
  else message.push(null);
}

const probe = new Readable({ read() {} });
probe.push(null);
/** Has a stream that ended unread a last 'readable' for who comes late, as from Node 26 on? */
const keepsReadable = !(probe as unknown as Incoming)._readableState.emittedReadable;

/** The end of a stream that nobody reads: as `push(null)`, but where that schedules an event for nobody. */
export function endUnread(message: Incoming, state: ReadableFlags): void {
  if (keepsReadable || state.decoder) message.push(null);
  else state.ended = true;
}

function endReadable(message: Incoming, scope: AsyncResource | null): void {
  message.complete = true;
  if (scope === null) message.push(null);
  else scope.runInAsyncScope(message.push, message, null);
}

/** The end of a stream that flows from the next tick on, and comes to its end by itself: it need not be told in another. */
function endFlowing(message: Incoming, state: ReadableFlags): void {
  // What the decoder has of a character that is not complete.
  const rest = state.decoder?.end();
  if (rest) message.push(rest, state.encoding as BufferEncoding);
  state.ended = true;
}
