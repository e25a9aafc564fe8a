/**
 * The body of an application's own request, handed to who takes it as it comes in.
 *
 * A small body costs more as a stream than it costs to be parsed: the stream is made, listened to, ended and closed.
 * Where nobody has used the request as a stream, and its length is known, none of that is needed.
 */
import { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { type Incoming, IncomingMessage, SCOPE_OPTIONS } from '../http/incoming-message.js';
import { defineDescriptors } from '../http/prototype.js';
import { kReadableState, kScope } from '../http/symbols.js';

/** Who takes a body. */
export interface BodyTaker {
  /** The next of it. Whoever has all that was announced calls `releaseBody`. */
  take(chunk: Buffer): void;
  /** There will be no more. */
  abort(error: Error | null): void;
}

const kTaker = Symbol('barewire.taker');

interface Taken extends Incoming {
  /** Missing where somebody made an object of the class without its constructor. */
  [kTaker]?: BodyTaker | null;
}

/** Is the request an application's own, that nobody has used as a stream yet? Then its body is still to come. */
export function isUntouched(req: object): boolean {
  const taken = req as Taken;
  return (
    taken[kTaker] === null && taken[kReadableState] === null && !taken._dumped && taken._eventsCount === 0
  );
}

/** Hands the body of an untouched request to this taker from now on, in the context of this call. */
export function takeBody(req: object, taker: BodyTaker): void {
  const taken = req as Taken;
  taken[kTaker] = taker;
  if (taken[kScope] !== null) taken[kScope] = new AsyncResource('HTTPINCOMINGMESSAGE', SCOPE_OPTIONS);
}

/** All of the body was taken: for everyone else the request is a stream that has ended. */
export function releaseBody(req: object): void {
  const taken = req as Taken;
  taken[kTaker] = null;
  if (taken[kReadableState] === null) taken._dumped = true;
  // Somebody listens by now, and hears of the end.
  else taken.resume();
}

const members: ThisType<Taken> & PropertyDescriptorMap = {
  push: {
    value: function push(chunk: Buffer | null, encoding?: BufferEncoding) {
      const taker = this[kTaker];
      if (!taker || chunk === null) return Readable.prototype.push.call(this, chunk, encoding);
      taker.take(chunk);
      return true;
    },
  },
  _destroy: {
    value: function destroy(error: Error | null, callback: (error?: Error | null) => void) {
      const taker = this[kTaker];
      if (taker) {
        this[kTaker] = null;
        taker.abort(error);
      }
      IncomingMessage.prototype._destroy.call(this, error, callback);
    },
  },
  /** As the stream has it, without making one. */
  destroyed: {
    get() {
      const state = this[kReadableState];
      return state === null ? this._dumped : state?.destroyed === true;
    },
    set(isDestroyed: boolean) {
      this._readableState.destroyed = isDestroyed;
    },
  },
};

/** Puts what lets a body be taken on the prototype of a class of requests. */
export function defineTaking(prototype: object): void {
  defineDescriptors(prototype, members);
}

/** Of each request of such a class, at its start. */
export function initTaking(req: object): void {
  (req as Taken)[kTaker] = null;
}
