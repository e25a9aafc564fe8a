/**
 * OutgoingMessage: head and content on their way out (node:http `OutgoingMessage`). What ServerResponse and
 * ClientRequest have in common.
 *
 * Small messages leave in one `socket.write`: head and content are joined as text or as one buffer. Before there
 * is a socket, or while it is another message's turn, what is written waits in `outputData`.
 */
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import { getDefaultHighWaterMark, Stream } from 'node:stream';
import { alreadyFinished, cannotPipe, methodNotImplemented, writeAfterEnd } from '../errors.js';
import { olderHeaderMembers } from './older-headers.js';
import { JOIN_LIMIT, TEXT_JOIN_LIMIT } from './outbox.js';
import {
  type Callback,
  type Chunk,
  emitClose,
  emitDrain,
  emitPrefinish,
  type HeadersArgument,
  isRequest,
  nop,
  type Outgoing,
  type OutgoingOptions,
  type TurnSocket,
} from './outgoing.js';
import {
  endMessage,
  handOn,
  isUtf8Behind,
  joiningOutbox,
  joinsOctets,
  latin1Of,
  reportError,
  sendHeldChunks,
  writeContent,
} from './outgoing-content.js';
import { buildHead } from './outgoing-head.js';
import { headerMembers } from './outgoing-headers.js';
import { process } from './process.js';
import { defineAccessor, defineDescriptors, defineMembers, eventNames } from './prototype.js';
import {
  kBytesWritten,
  kConnection,
  kCorked,
  kCorkedChunks,
  kErrored,
  kHighWaterMark,
  kNeedDrain,
  kRejectBodyWrites,
  kStore,
  kUniqueHeaders,
  kUnsentEnd,
} from './symbols.js';

/**
 * A message to be sent. Behaves as a writable stream, though it is none: 'drain', 'prefinish', 'finish' (the last
 * byte was handed to the system), 'close', 'error', 'pipe', 'unpipe', 'socket'.
 */
export const OutgoingMessage = function OutgoingMessage(this: Outgoing, options?: OutgoingOptions) {
  // What Stream's constructor does comes with the first listener, but for domains: they are entered at once.
  this._events = undefined;
  this._eventsCount = 0;
  this._maxListeners = undefined;
  if ((EventEmitter as { usingDomains?: boolean }).usingDomains) Stream.call(this as unknown as Stream);
  this[kHighWaterMark] = options?.highWaterMark ?? getDefaultHighWaterMark(false);
  this[kRejectBodyWrites] = options?.rejectNonStandardBodyWrites ?? false;
  this.outputData = [];
  this.outputSize = 0;
  (this as { writable: boolean }).writable = true;
  this.destroyed = false;
  this._last = false;
  this.chunkedEncoding = false;
  this.shouldKeepAlive = true;
  this.maxRequestsOnConnectionReached = false;
  this._defaultKeepAlive = true;
  this.useChunkedEncodingByDefault = true;
  this.sendDate = false;
  this._removedConnection = false;
  this._removedContLen = false;
  this._removedTE = false;
  this.strictContentLength = false;
  this[kBytesWritten] = 0;
  this._contentLength = null;
  this._hasBody = true;
  this._trailer = '';
  this[kNeedDrain] = false;
  this[kCorked] = 0;
  this[kCorkedChunks] = null;
  this.finished = false;
  this._headerSent = false;
  this._closed = false;
  this._header = null;
  this[kStore] = null;
  this.socket = null;
  this._keepAliveTimeout = 0;
  this._maxRequestsPerSocket = 0;
  this._onPendingData = nop;
  this[kErrored] = null;
  this[kUniqueHeaders] = null;
  this[kConnection] = null;
} as unknown as typeof nodeHttp.OutgoingMessage;

Object.setPrototypeOf(OutgoingMessage.prototype, Stream.prototype);
Object.setPrototypeOf(OutgoingMessage, Stream);

const { on, prependListener } = EventEmitter.prototype;

/** Who comes to listen to a message that has ended, in the same turn, hears of it as any other. */
const listening: ThisType<Outgoing> & Record<string, unknown> = {
  on(name: string | symbol, listener: (...args: unknown[]) => void) {
    if (this.finished && !this._closed) this[kConnection]?.lateListener(name);
    return on.call(this as unknown as EventEmitter, name, listener);
  },

  prependListener(name: string | symbol, listener: (...args: unknown[]) => void) {
    if (this.finished && !this._closed) this[kConnection]?.lateListener(name);
    return prependListener.call(this as unknown as EventEmitter, name, listener);
  },
};

const members: ThisType<Outgoing> & Record<string, unknown> = {
  eventNames,
  ...listening,
  addListener: listening.on,

  /** Sets the socket's timeout, now or once there is one; the callback is a listener for 'timeout'. */
  setTimeout(milliseconds: number, callback?: () => void) {
    if (callback) this.on('timeout', callback);
    if (!this.socket) {
      this.once('socket', (socket: Socket) => socket.setTimeout(milliseconds));
    } else {
      this.socket.setTimeout(milliseconds);
    }
    return this;
  },

  /** Destroys the message and its socket: what was not sent is lost. */
  destroy(error?: Error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this[kErrored] = error;
    if (this.socket) {
      this.socket.destroy(error);
    } else {
      this.once('socket', (socket: Socket) => socket.destroy(error));
      process.nextTick(emitClose, this);
    }
    return this;
  },

  cork() {
    this[kCorked]++;
    this.socket?.cork();
  },

  uncork() {
    this[kCorked]--;
    this.socket?.uncork();
    if (this[kCorked] > 0) return;
    sendHeldChunks(this);
  },

  /**
   * Writes content; the head goes before the first of it. The callback is called when it was handed to the system.
   * @throws ERR_STREAM_NULL_VALUES, ERR_INVALID_ARG_TYPE, ERR_HTTP_BODY_NOT_ALLOWED, ERR_HTTP_CONTENT_LENGTH_MISMATCH
   */
  write(chunk: Chunk, encoding?: BufferEncoding | Callback | null, callback?: Callback) {
    if (typeof encoding === 'function') return writeContent(this, chunk, null, encoding, null);
    return writeContent(this, chunk, encoding, typeof callback === 'function' ? callback : nop, null);
  },

  /**
   * Ends the message, with a last piece of content if given. The callback is a listener for 'finish'.
   * @throws as `write`; ERR_HTTP_CONTENT_LENGTH_MISMATCH where less was written than Content-Length says
   */
  end(
    chunkArgument?: Chunk | Callback | null,
    encodingArgument?: BufferEncoding | Callback | null,
    callbackArgument?: Callback,
  ) {
    let chunk = chunkArgument;
    let encoding = encodingArgument;
    let callback = callbackArgument;
    if (typeof chunk === 'function') {
      callback = chunk;
      chunk = null;
      encoding = null;
    } else if (typeof encoding === 'function') {
      callback = encoding;
      encoding = null;
    }
    if (chunk) {
      if (this.finished) {
        reportError(this, writeAfterEnd(), typeof callback === 'function' ? callback : nop);
        return this;
      }
    } else if (this.finished) {
      if (typeof callback === 'function') {
        if (this.writableFinished) callback(alreadyFinished('end'));
        else this.on('finish', callback);
      }
      return this;
    }
    endMessage(this, chunk || null, encoding as BufferEncoding | null | undefined, callback);
    return this;
  },

  /** Sends head and content as they are; the head before the first bytes. */
  _send(data: Chunk, encoding?: BufferEncoding | null, callback?: Callback | null, byteLength?: number) {
    if (this._headerSent || !this._header) return this._writeRaw(data, encoding, callback, byteLength);
    this._headerSent = true;
    const head = this._header;
    // A head is Latin-1, always: joined with text in another encoding its own octets would change.
    const isText = typeof data === 'string' && (encoding === 'latin1' || data === '');
    const length = isText ? data.length : typeof data === 'string' ? byteLength : data.byteLength;
    const outbox = length === undefined ? null : joiningOutbox(this, head.length, length, isText);
    if (outbox !== null) {
      const coding = isText ? 'latin1' : encoding;
      return outbox.writeJoined(head, '', data, coding, length as number, '', callback);
    }
    if (isText && data.length <= TEXT_JOIN_LIMIT) return this._writeRaw(head + data, 'latin1', callback);
    if (!isText && !joinsOctets(this) && isUtf8Behind(head, data, encoding)) {
      return this._writeRaw(head + data, 'utf8', callback);
    }
    const content = typeof data === 'string' && !isText ? Buffer.from(data, encoding ?? 'utf8') : data;
    if (typeof content !== 'string' && content.byteLength <= JOIN_LIMIT && joinsOctets(this)) {
      return this._writeRaw(head + latin1Of(content), 'latin1', callback);
    }
    const { socket } = this;
    socket?.cork();
    this._writeRaw(head, 'latin1', null);
    const accepted = this._writeRaw(content, isText ? 'latin1' : null, callback);
    socket?.uncork();
    return accepted;
  },

  /** Writes to the socket where it is this message's turn, else to `outputData`. */
  _writeRaw(data: Chunk, encoding?: BufferEncoding | null | Callback, callback?: Callback | null) {
    const { socket } = this;
    // Nobody would read it.
    if (socket?.destroyed) return false;
    let done = callback;
    let coding = encoding;
    if (typeof coding === 'function') {
      done = coding;
      coding = null;
    }
    if (socket && (socket as TurnSocket)._httpMessage === (this as unknown) && socket.writable) {
      if (this.outputData.length > 0) this._flushOutput(socket);
      const outlet = this[kConnection];
      if (outlet !== null) return outlet.outbox.write(data, coding, done);
      return socket.write(data as string, coding as BufferEncoding, done as Callback);
    }
    this.outputData.push({ data, encoding: coding ?? null, callback: done ?? null });
    this.outputSize += data.length;
    this._onPendingData(data.length);
    return this.outputSize < this[kHighWaterMark];
  },

  /** Makes the head of a first line and headers (node:http's own name for it; frameworks call it). */
  _storeHeader(firstLine: string, headers?: HeadersArgument) {
    buildHead(this, firstLine, headers);
  },

  _implicitHeader() {
    throw methodNotImplemented('_implicitHeader()');
  },

  /** Sends the head now rather than with the first content. */
  flushHeaders() {
    if (!this._header) this._implicitHeader();
    this._send('');
  },

  pipe() {
    // What is written cannot be read again.
    this.emit('error', cannotPipe());
  },

  _finish() {
    emitPrefinish(this);
  },

  /** It is this message's turn on the socket: what waited is written. */
  _flush() {
    const { socket } = this;
    if (!socket?.writable) return;
    const accepted = this._flushOutput(socket);
    if (this.finished) {
      handOn(this);
    } else if (accepted) {
      emitDrain(this);
    }
  },

  _flushOutput(socket: Socket) {
    const { outputData, [kConnection]: outlet } = this;
    if (outputData.length === 0) return true;
    // Counted still: what uncorks the message, its end at the latest, uncorks the socket.
    while (socket.writableCorked < this[kCorked]) socket.cork();
    let accepted = true;
    const isCorked = outputData.length > 1;
    if (isCorked) socket.cork();
    for (const { data, encoding, callback } of outputData) {
      accepted =
        outlet !== null && callback !== null && callback === this[kUnsentEnd]
          ? outlet.outbox.write(data, encoding, outlet.onFlushed)
          : socket.write(data as string, encoding as BufferEncoding, callback as Callback);
    }
    if (isCorked) socket.uncork();
    const { outputSize } = this;
    this.outputData = [];
    this.outputSize = 0;
    this._onPendingData(-outputSize);
    return accepted;
  },

  [Symbol.for('nodejs.rejection')](error: Error) {
    this.destroy(error);
  },
};

defineMembers(OutgoingMessage.prototype, members);
defineMembers(OutgoingMessage.prototype, headerMembers);
defineDescriptors(OutgoingMessage.prototype, olderHeaderMembers);

function accessor<Value>(
  name: string,
  get: (this: Outgoing) => Value,
  set?: (this: Outgoing, value: Value) => void,
): void {
  defineAccessor(OutgoingMessage.prototype, name, get, set);
}

accessor('errored', function () {
  return this[kErrored];
});
accessor('closed', function () {
  return this._closed;
});
accessor('writableFinished', function () {
  if (!this.finished || this.outputSize > 0) return false;
  const { socket } = this;
  // A socket that a response still has, and that is destroyed, took nothing. Requests keep theirs.
  return !socket || (socket.writableLength === 0 && (!socket.destroyed || isRequest(this)));
});
accessor('writableObjectMode', () => false);
accessor('writableLength', function () {
  const held = this[kCorkedChunks]?.byteLength ?? 0;
  const gathered = this[kConnection]?.outbox.length ?? 0;
  return this.outputSize + gathered + held + (this.socket?.writableLength ?? 0);
});
accessor('writableHighWaterMark', function () {
  return this.socket ? this.socket.writableHighWaterMark : this[kHighWaterMark];
});
accessor('writableCorked', function () {
  return this[kCorked];
});
accessor('writableEnded', function () {
  return this.finished;
});
accessor('writableNeedDrain', function () {
  return !this.destroyed && !this.finished && this[kNeedDrain];
});
accessor('headersSent', function () {
  return Boolean(this._header);
});
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
