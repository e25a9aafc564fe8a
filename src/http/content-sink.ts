/**
 * A message's content, handed to who takes it as it comes in.
 *
 * A small body costs more as a stream than it costs to be parsed: the stream is made, listened to, ended and closed.
 * Where nobody has used the message as a stream, none of that is needed.
 */
import { markSpent } from './incoming-ends.js';
import type { Incoming } from './incoming-message.js';
import { kFlow, kReadableState, kSink } from './symbols.js';

/** Who takes content. What its members throw is nobody's: they must not throw, but for `finish`. */
export interface ContentSink {
  /**
   * The next of it, as bytes of a buffer that the next read overwrites.
   * @returns false to have them once more, as a chunk that may be kept
   */
  takeLent(bytes: Buffer, from: number, to: number): boolean;
  /** The next of it. */
  take(chunk: Buffer): void;
  /** All of it was taken, and the message is complete. */
  finish(): void;
  /** There will be no more: the message was destroyed. */
  abort(error: Error | null): void;
}

/** Is it a request that a server of ours received, whose stream nobody has used yet? Then its content is still to come. */
export function isUntouched(message: object): message is Incoming {
  const incoming = message as Incoming;
  // Undefined on messages of others, and on those that no server has received.
  return (
    incoming[kSink] === null &&
    incoming[kReadableState] === null &&
    incoming[kFlow] === null &&
    !incoming._dumped &&
    incoming._eventsCount === 0
  );
}

/** Hands the content of an untouched message to this sink from now on. */
export function takeContent(message: Incoming, sink: ContentSink): void {
  message[kSink] = sink;
}

/** All of the content was taken: for everyone else the message is a stream that has ended. */
export function releaseContent(message: Incoming): void {
  message[kSink] = null;
  if (message[kReadableState] === null) markSpent(message);
  // Somebody listens by now, and hears of the end.
  else message.resume();
}
