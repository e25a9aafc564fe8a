/** IncomingMessage: a request as a server reads it, a response as a client reads it (node:http `IncomingMessage`). */
import { AsyncResource } from 'node:async_hooks';
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import { finished, getDefaultHighWaterMark, Readable } from 'node:stream';
import { PREMATURE_CLOSE } from '../errors.js';
import type { ContentSink } from './content-sink.js';
import { CLOSED, DESTROYED, defineFlowing, ENDED, type Flow, IDLE, takeOver } from './flowing.js';
import { endUnread, markEnded, pushEnd } from './incoming-ends.js';
import { addHeader, distinctHeadersOf, type Headers, headersOf } from './incoming-headers.js';
import { process } from './process.js';
import { defineAccessor, defineMembers, eventNames } from './prototype.js';
import {
  kConnection,
  kFlow,
  kHeaders,
  kHeadersDistinct,
  kIsSpent,
  kReadableState,
  kScope,
  kSignal,
  kSink,
  kTrailers,
  kTrailersDistinct,
} from './symbols.js';

/**
 * Makes an async scope of the context of this call, of the type that node:http has for messages that come in. Hooks are
 * told that it is gone when it is collected: who keeps something for each would keep it for ever.
 */
export function newScope(): AsyncResource {
  return new AsyncResource('HTTPINCOMINGMESSAGE');
}

/** What an IncomingMessage asks of the connection it came by. */
export interface BodySource {
  /** The reader wants more: read from the socket again. */
  resumeBody(): void;
  /** From now on a time-out of the socket is one of the message. */
  hearTimeout?(): void;
  /** Does the connection go on, for others, when this message is destroyed? */
  readonly outlivesMessage?: boolean;
}

/** The message with what is kept for ourselves, and the members that libraries reach for. */
export interface Incoming extends nodeHttp.IncomingMessage {
  upgrade: boolean | null;
  client: Socket;
  joinDuplicateHeaders: boolean | undefined;
  /** Somebody reads the stream. stream.finished() knows a request by this and the next. */
  _consuming: boolean;
  _dumped: boolean;
  _dump(): void;
  _addHeaderLine(field: string, value: string, destination: Headers): void;
  _addHeaderLines(lines: string[], count: number): void;
  _readableState: ReadableFlags;
  _events: unknown;
  _eventsCount: number;
  [kReadableState]: ReadableFlags | null;
  /** Where it has no stream: what goes without. */
  [kFlow]: Flow | null;
  [kConnection]: BodySource | null;
  [kHeaders]: Headers | null;
  [kHeadersDistinct]: Record<string, string[]> | null;
  [kTrailers]: Headers | null;
  [kTrailersDistinct]: Record<string, string[]> | null;
  /** Who takes the content in place of the stream; undefined where the connection gives it to nobody but the stream. */
  [kSink]?: ContentSink | null;
  /** Its content, if it has any, was taken: as a stream it has ended, and nobody hears of that. */
  [kIsSpent]: boolean;
  [kSignal]: AbortController | null;
  /** The async scope of this request; body events run in it. */
  [kScope]: AsyncResource | null;
}

/** The part of a Readable's state that has no other door. */
export interface ReadableFlags {
  sync: boolean;
  needReadable: boolean;
  decoder: { end(): string } | null;
  encoding: BufferEncoding | null;
  readingMore: boolean;
  resumeScheduled: boolean;
  readableListening: boolean;
  emittedReadable: boolean;
  flowing: boolean | null;
  reading: boolean;
  length: number;
  dataEmitted: boolean;
  ended: boolean;
  endEmitted: boolean;
  readonly autoDestroy: boolean;
  readonly errored: Error | null;
  destroyed: boolean;
  closed: boolean;
  closeEmitted: boolean;
}

/**
 * A message that was received: start-line and headers as properties, the content as a readable stream.
 * Made by servers and clients; `new IncomingMessage(socket)` is for subclasses and tests.
 *
 * Emits 'aborted' (deprecated) and, with listeners, 'error' ECONNRESET when the connection ends before the
 * message does; 'close' when the message has been read.
 */
export const IncomingMessage = function IncomingMessage(this: Incoming, socket: Socket) {
  this._events = undefined;
  this._eventsCount = 0;
  this[kReadableState] = null;
  this[kFlow] = null;
  this.socket = socket;
  this.httpVersionMajor = null as unknown as number;
  this.httpVersionMinor = null as unknown as number;
  this.httpVersion = null as unknown as string;
  this.complete = false;
  this[kHeaders] = null;
  this[kHeadersDistinct] = null;
  this.rawHeaders = [];
  this[kTrailers] = null;
  this[kTrailersDistinct] = null;
  this.rawTrailers = [];
  this.joinDuplicateHeaders = false;
  this.aborted = false;
  this.upgrade = null;
  this.url = '';
  this.method = null as unknown as string;
  this.statusCode = null as unknown as number;
  this.statusMessage = null as unknown as string;
  this.client = socket;
  this._consuming = false;
  this._dumped = false;
  this[kConnection] = null;
  this[kSink] = undefined;
  this[kIsSpent] = false;
  this[kSignal] = null;
  this[kScope] = null;
} as unknown as typeof nodeHttp.IncomingMessage;

Object.setPrototypeOf(IncomingMessage.prototype, Readable.prototype);
Object.setPrototypeOf(IncomingMessage, Readable);

/** Has it come as far as that, or ended, as far as anybody can tell who has not used it as a stream? */
function isOver(message: Incoming, phase: number): boolean {
  const flow = message[kFlow];
  if (flow !== null && flow.phase !== IDLE) return flow.phase >= phase;
  return message[kIsSpent] || (message._dumped && message.complete);
}

function emitErrorIfHeard(
  message: Incoming,
  error: Error | null,
  callback: (error?: Error | null) => void,
): void {
  if (message.listenerCount('error') === 0) callback();
  else callback(error);
}

const members: ThisType<Incoming> & Record<string, unknown> = {
  eventNames,

  _read(_size: number) {
    if (!this._consuming) {
      this._readableState.readingMore = false;
      this._consuming = true;
    }
    if (this.complete) {
      pushEnd(this);
      return;
    }
    this[kConnection]?.resumeBody();
  },

  /** Ends the message and, where it is not complete, its connection. */
  _destroy(error: Error | null, callback: (error?: Error | null) => void) {
    if (this._dumped && this.complete && error === null && this._eventsCount === 0) {
      // It ended before anybody could listen: it ends once more for who comes to.
      this[kReadableState] = null;
      return;
    }
    const sink = this[kSink];
    if (sink) {
      this[kSink] = null;
      sink.abort(error);
    }
    if (!this.readableEnded || !this.complete) {
      this.aborted = true;
      this.emit('aborted');
      abortSignal(this);
    }
    const { socket } = this;
    if (socket && !socket.destroyed && this.aborted && !this[kConnection]?.outlivesMessage) {
      socket.destroy(error ?? undefined);
      const stopWaiting = finished(socket, (closeError) => {
        const reported = closeError?.code === PREMATURE_CLOSE ? null : closeError;
        stopWaiting();
        process.nextTick(emitErrorIfHeard, this, reported ?? error, callback);
      });
    } else if (error === null && this.listenerCount('close') === 0) {
      // Nobody could tell.
      callback();
    } else {
      process.nextTick(emitErrorIfHeard, this, error, callback);
    }
  },

  /** Calls `socket.setTimeout`; the listener is one for 'timeout' of this message. */
  setTimeout(milliseconds: number, callback?: () => void) {
    if (callback) this.on('timeout', callback);
    this[kConnection]?.hearTimeout?.();
    this.socket.setTimeout(milliseconds);
    return this;
  },

  _addHeaderLines(lines: string[], count: number) {
    const taken = lines.slice(0, count);
    if (this.complete) {
      this.rawTrailers = taken;
      this[kTrailers] = this[kTrailersDistinct] = null;
    } else {
      this.rawHeaders = taken;
      this[kHeaders] = this[kHeadersDistinct] = null;
    }
  },

  _addHeaderLine(field: string, value: string, destination: Headers) {
    addHeader(destination, field, value, this.joinDuplicateHeaders === true);
  },

  /** Throws away the rest of the content, so that the next message can be read. */
  _dump() {
    if (this._dumped) return;
    // Where nobody has come for the content, the stream is made for who comes for its end.
    if (this[kReadableState] !== null || this._eventsCount > 0) {
      // What is buffered would still reach listeners of 'data', after the response has ended.
      this.removeAllListeners('data');
      this.resume();
    }
    this._dumped = true;
  },
};

defineMembers(IncomingMessage.prototype, members);
defineFlowing(IncomingMessage.prototype as Incoming);

/**
 * The stream's state, made when somebody first uses the message as a stream. Every member of Readable goes through
 * this property, so none of them can tell.
 */
Object.defineProperty(IncomingMessage.prototype, '_readableState', {
  get(this: Incoming) {
    const state = this[kReadableState];
    return state === null ? makeStream(this) : state;
  },
  set(this: Incoming, state: ReadableFlags) {
    this[kReadableState] = state;
  },
  configurable: true,
});

function makeStream(message: Incoming): ReadableFlags {
  const highWaterMark = message.socket?.readableHighWaterMark;
  // To read options takes a stream longer than to go without.
  const isDefault = highWaterMark === undefined || highWaterMark === getDefaultHighWaterMark(false);
  Readable.call(message, isDefault ? undefined : { highWaterMark });
  const state = message[kReadableState] as ReadableFlags;
  // Content is pushed as it comes: there is nothing to ask for ahead of the reader.
  state.readingMore = true;
  // The content's events come in the context of whoever reads it.
  if (message[kScope] !== null && !message.complete) {
    message[kScope] = newScope();
  }
  const flow = message[kFlow];
  if (flow !== null && takeOver(message, flow, state)) return state;
  // Messages of others are complete when it is said, whatever is pushed after that.
  if (message.complete && message[kConnection] !== null) endUnread(message, state);
  if (message[kIsSpent]) markEnded(state);
  else if (message._dumped) message.resume();
  return state;
}

function accessor<Value>(
  name: string,
  get: (this: Incoming) => Value,
  set?: (this: Incoming, value: Value) => void,
): void {
  defineAccessor(IncomingMessage.prototype, name, get, set);
}

/** Asking how the stream is makes none. */
for (const [name, isSo] of [
  ['readable', (message: Incoming) => !isOver(message, ENDED)],
  ['readableEnded', (message: Incoming) => isOver(message, ENDED)],
  ['destroyed', (message: Incoming) => isOver(message, DESTROYED)],
  ['closed', (message: Incoming) => isOver(message, CLOSED)],
] as const) {
  const { get, set } = Object.getOwnPropertyDescriptor(Readable.prototype, name) as PropertyDescriptor;
  accessor(
    name,
    function () {
      return this[kReadableState] === null ? isSo(this) : get?.call(this);
    },
    set,
  );
}

accessor(
  'headers',
  function () {
    return (this[kHeaders] ??= headersOf(this.rawHeaders, this.joinDuplicateHeaders === true));
  },
  function (headers) {
    this[kHeaders] = headers;
  },
);

accessor(
  'headersDistinct',
  function () {
    return (this[kHeadersDistinct] ??= distinctHeadersOf(this.rawHeaders));
  },
  function (headers) {
    this[kHeadersDistinct] = headers;
  },
);

accessor(
  'trailers',
  function () {
    return (this[kTrailers] ??= headersOf(this.rawTrailers, this.joinDuplicateHeaders === true));
  },
  function (trailers) {
    this[kTrailers] = trailers;
  },
);

accessor(
  'trailersDistinct',
  function () {
    return (this[kTrailersDistinct] ??= distinctHeadersOf(this.rawTrailers));
  },
  function (trailers) {
    this[kTrailersDistinct] = trailers;
  },
);

/** The former name of `socket`. */
accessor(
  'connection',
  function () {
    return this.socket;
  },
  function (socket) {
    this.socket = socket;
  },
);

/** Aborted when the message is destroyed, or its connection closes, before the exchange is complete. Made on first use. */
accessor('signal', function () {
  if (this[kSignal] === null) {
    this[kSignal] = new AbortController();
    if (this.aborted) abortSignal(this);
  }
  return this[kSignal].signal;
});

/** Aborts the message's signal, if anybody asked for it. */
export function abortSignal(message: Incoming): void {
  message[kSignal]?.abort();
}
