/** What an outgoing message is to the files that work on it: its shape, and the events they share. */
import { EventEmitter } from 'node:events';
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderStore, HeaderValue } from './header-store.js';
import type { Outbox } from './outbox.js';
import { process } from './process.js';
import type {
  kBytesWritten,
  kConnection,
  kCorked,
  kCorkedChunks,
  kErrored,
  kHighWaterMark,
  kRejectBodyWrites,
  kStore,
  kUniqueHeaders,
  kUnsentEnd,
} from './symbols.js';
import { kEmitParent, kEndCallback, kNeedDrain, kUnheardError } from './symbols.js';

/** The headers of `writeHead` and of requests: an object, name and value in turn, or pairs. */
export type HeadersArgument =
  | Record<string, HeaderValue | undefined>
  | readonly HeaderValue[]
  | readonly (readonly [string, HeaderValue])[];

export type Callback = (error?: Error | null) => void;
export type Chunk = string | Uint8Array;

/** Something written before the message had its turn on a socket. */
export interface PendingWrite {
  data: Chunk;
  encoding: BufferEncoding | null;
  callback: Callback | null;
}

/** What was written between cork() and uncork(). */
export interface HeldChunks {
  readonly writes: PendingWrite[];
  byteLength: number;
}

/** What a message asks of the connection whose turn it has. */
export interface MessageOutlet {
  /** To be called when the last byte that `end` handed to the socket was taken by the system. */
  readonly onFlushed: Callback;
  /** The message ended; its last bytes were handed to the socket. */
  messageEnded(message: Outgoing): void;
  /** Has the message ended in a turn before this one, and nobody would hear that it closes? */
  isClosing(message: Outgoing): boolean;
  /** Somebody comes to listen to a message that has ended. */
  lateListener(event: string | symbol): void;
  /** Where what is written goes. */
  readonly outbox: Outbox;
}

/** The message with what is kept for ourselves, and the members that libraries reach for. */
export interface Outgoing extends Omit<nodeHttp.OutgoingMessage, 'socket' | 'writableCorked'> {
  socket: Socket | null;
  outputData: PendingWrite[];
  outputSize: number;
  destroyed: boolean;
  strictContentLength: boolean;
  maxRequestsOnConnectionReached: boolean;
  agent?: unknown;
  readonly writableCorked: number;
  _events: unknown;
  _eventsCount: number;
  _maxListeners: number | undefined;
  _last: boolean;
  _defaultKeepAlive: boolean;
  _keepAliveTimeout: number;
  _maxRequestsPerSocket: number;
  _hasBody: boolean;
  _trailer: string;
  _contentLength: number | null;
  _removedConnection: boolean;
  _removedContLen: boolean;
  _removedTE: boolean;
  _closed: boolean;
  /** The head as it goes out. Null before it is made, and empty where a library has it so. */
  _header: string | null;
  _headerSent: boolean;
  _onPendingData: (delta: number) => void;
  /** Makes the head of what is set. `length`: bytes of content that follow at once; none where it is not given. */
  _implicitHeader(length?: number): void;
  _finish(): void;
  _flush(): void;
  _flushOutput(socket: Socket): boolean;
  _send(
    data: Chunk,
    encoding?: BufferEncoding | null,
    callback?: Callback | null,
    byteLength?: number,
  ): boolean;
  _writeRaw(
    data: Chunk,
    encoding?: BufferEncoding | null,
    callback?: Callback | null,
    byteLength?: number,
  ): boolean;
  _storeHeader(firstLine: string, headers?: HeadersArgument): void;
  _renderHeaders(): Record<string, HeaderValue>;
  [kStore]: HeaderStore | null;
  [kErrored]: Error | null | undefined;
  /** What was given to `end`: a listener for 'finish', as long as there may be one. */
  [kEndCallback]?: Callback;
  /** What is to be called once the end that waits in `outputData` was handed to the system. */
  [kUnsentEnd]?: Callback | null;
  [kNeedDrain]: boolean;
  [kCorked]: number;
  [kCorkedChunks]: HeldChunks | null;
  [kBytesWritten]: number;
  [kUniqueHeaders]: ReadonlySet<string> | null;
  [kHighWaterMark]: number;
  [kRejectBodyWrites]: boolean;
  [kConnection]: MessageOutlet | null;
  [kUnheardError]?(error: unknown): void;
  readonly [kEmitParent]?: Outgoing;
}

/** What may be given to the constructor; the server gives it to ServerResponse. */
export interface OutgoingOptions {
  /** Bytes that may wait for a socket before `write` returns false. Default: the streams' own. */
  highWaterMark?: number;
  /** Throw ERR_HTTP_BODY_NOT_ALLOWED for content where there can be none. Default false: it is left out. */
  rejectNonStandardBodyWrites?: boolean;
}

/** Is it a client's request, and not a server's response? */
export function isRequest(message: Outgoing): boolean {
  return (message as { method?: string }).method !== undefined;
}

/** What stands for a callback where none was given. */
export function nop(): void {}

/**
 * Throws what a listener of the caller's threw, when the calls at hand are done: what they have still to do is other
 * messages' business.
 */
export function throwLater(error: unknown): void {
  process.nextTick(rethrow, error);
}

function rethrow(error: unknown): never {
  throw error;
}

/** Calls the callbacks of what left in one write. */
export function callAll(callbacks: readonly Callback[], result?: Error | null): void {
  for (const callback of callbacks) {
    try {
      callback(result);
    } catch (error) {
      throwLater(error);
    }
  }
}

/** A socket that is shared in turns. */
export interface TurnSocket extends Socket {
  /** The message whose turn it is on this socket. */
  _httpMessage?: Outgoing | null;
}

const { emit } = EventEmitter.prototype;

/**
 * An `emit` to put on a prototype before that of `this[kEmitParent]`: an 'error' that nobody listens for is told to who
 * made the message, by `this[kUnheardError]`, and ends no process.
 */
export function emitOrTell(this: Outgoing, event: string | symbol, ...args: unknown[]): boolean {
  if (event === 'error' && this.listenerCount(event) === 0) {
    this[kUnheardError]?.(args[0]);
    return false;
  }
  return emitBehind(this).call(this, event, ...args);
}

/** The `emit` behind that one. Looked up each time: instrumentations put their own there. */
function emitBehind(message: Outgoing): typeof emit {
  let parent = message[kEmitParent] as Outgoing;
  // Several applications may have had the message, each with a prototype of its own.
  while (parent.emit === emitOrTell) parent = parent[kEmitParent] as Outgoing;
  return parent.emit;
}

/** Is `emit` EventEmitter's, for all events but an unheard 'error'? */
function hasPlainEmit(message: Outgoing): boolean {
  return message.emit === emit || (message.emit === emitOrTell && emitBehind(message) === emit);
}

/** Does nobody hear what the message emits, or this event? */
export function isUnheard(message: Outgoing, event?: string): boolean {
  const isSo = message._eventsCount === 0 || (event !== undefined && message.listenerCount(event) === 0);
  return isSo && hasPlainEmit(message);
}

/** Emits an event. Most messages have no listeners: then only an `emit` that somebody put in its place is called. */
export function emitHeard(message: Outgoing, event: string, argument?: unknown): void {
  if (isUnheard(message)) return;
  if (argument === undefined) message.emit(event);
  else message.emit(event, argument);
}

/** Emits 'prefinish'. Hardly anybody listens, also where there are other listeners, as requests mostly have. */
export function emitPrefinish(message: Outgoing): void {
  const listeners = message._events as Readonly<Record<string, unknown>> | undefined;
  if (listeners?.prefinish !== undefined || !hasPlainEmit(message)) message.emit('prefinish');
}

/** The end of the message was not taken: who waits for it by the callback of `end` hears why. */
export function failEnd(message: Outgoing | null | undefined, error: Error): void {
  const callback = message?.[kEndCallback];
  if (!message || callback === undefined) return;
  message[kEndCallback] = undefined;
  message.removeListener('finish', callback);
  callback(error);
}

/** The exchange is over, one way or the other. */
export function emitClose(message: Outgoing): void {
  if (message._closed) return;
  message.destroyed = true;
  message._closed = true;
  emitHeard(message, 'close');
}

/** The socket can take more: tells who was asked to wait, and has not ended the message instead. */
export function emitDrain(message: Outgoing): void {
  if (!message[kNeedDrain] || message.finished) return;
  message[kNeedDrain] = false;
  message.emit('drain');
}
