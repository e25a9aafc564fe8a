/**
 * OutgoingMessage: head and content on their way out (node:http `OutgoingMessage`). What ServerResponse and
 * ClientRequest have in common.
 *
 * Small messages leave in one `socket.write`: head and content are joined as text or as one buffer. Before there
 * is a socket, or while it is another message's turn, what is written waits in `outputData`.
 */
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import { getDefaultHighWaterMark, Stream } from 'node:stream';
import {
  alreadyFinished,
  bodyNotAllowed,
  cannotPipe,
  contentLengthMismatch,
  headersSent,
  invalidArgType,
  invalidChar,
  methodNotImplemented,
  nullValues,
  streamDestroyed,
  writeAfterEnd,
} from '../errors.js';
import { CHUNK_END, chunkHead, lastChunk } from '../wire/chunked.js';
import { CONTENT_LENGTH_NAME, TRANSFER_ENCODING_NAME } from '../wire/framing.js';
import { fieldLine } from '../wire/serializer.js';
import { debug } from './diagnostics.js';
import {
  checkNameIsString,
  HeaderStore,
  type HeaderValue,
  hasInvalidChar,
  outgoingName,
  validateHeaderName,
  validateHeaderValue,
} from './header-store.js';
import { buildHead, type HeadersArgument } from './outgoing-head.js';
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
} from './symbols.js';

export type Callback = (error?: Error | null) => void;
type Chunk = string | Uint8Array;

/** Something written before the message had its turn on a socket. */
export interface PendingWrite {
  data: Chunk;
  encoding: BufferEncoding | null;
  callback: Callback | null;
}

/** What a message asks of the connection whose turn it has. */
export interface MessageOutlet {
  /** To be called when the last byte that `end` handed to the socket was taken by the system. */
  readonly onFlushed: Callback;
  /** The message ended; its last bytes were handed to the socket. */
  messageEnded(message: Outgoing): void;
  /** Corks the socket until the end of this turn of the event loop, so that small writes leave together. */
  corkUntilTick(): void;
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
  _header: string | null;
  _headerSent: boolean;
  _onPendingData: (delta: number) => void;
  _implicitHeader(): void;
  _finish(): void;
  _flush(): void;
  _flushOutput(socket: Socket): boolean;
  _send(data: Chunk, encoding?: BufferEncoding | null, callback?: Callback | null, byteLength?: number): boolean;
  _writeRaw(data: Chunk, encoding?: BufferEncoding | null, callback?: Callback | null, byteLength?: number): boolean;
  _storeHeader(firstLine: string, headers?: HeadersArgument): void;
  _renderHeaders(): Record<string, HeaderValue>;
  [kStore]: HeaderStore | null;
  [kErrored]: Error | null | undefined;
  [kNeedDrain]: boolean;
  [kCorked]: number;
  [kCorkedChunks]: PendingWrite[] | null;
  [kBytesWritten]: number;
  [kUniqueHeaders]: ReadonlySet<string> | null;
  [kHighWaterMark]: number;
  [kRejectBodyWrites]: boolean;
  [kConnection]: MessageOutlet | null;
}

/** What may be given to the constructor; the server gives it to ServerResponse. */
export interface OutgoingOptions {
  /** Bytes that may wait for a socket before `write` returns false. Default: the streams' own. */
  highWaterMark?: number;
  /** Throw ERR_HTTP_BODY_NOT_ALLOWED for content where there can be none. Default false: it is left out. */
  rejectNonStandardBodyWrites?: boolean;
}

function nop(): void {}

/**
 * A message to be sent. Behaves as a writable stream, though it is none: 'drain', 'prefinish', 'finish' (the last
 * byte was handed to the system), 'close', 'error', 'pipe', 'unpipe', 'socket'.
 */
export const OutgoingMessage = function OutgoingMessage(this: Outgoing, options?: OutgoingOptions) {
  Stream.call(this as unknown as Stream);
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

/** The error of a call that came too late: emitted once, and given to the callback. */
function reportError(message: Outgoing, error: Error, callback: Callback): void {
  if (message.destroyed) return;
  process.nextTick(emitError, message, error, callback);
}

function emitError(message: Outgoing, error: Error, callback: Callback): void {
  callback(error);
  // Closed in the meantime because it is complete, or destroyed by the caller, who knows?
  if (!message.destroyed || message._closed) message.emit('error', error);
}

/** The exchange is over, one way or the other. */
export function emitClose(message: Outgoing): void {
  if (message._closed) return;
  message.destroyed = true;
  message._closed = true;
  message.emit('close');
}

/** 'finish' for messages outside of a connection; a connection's go through its `onFlushed`. */
function emitFinish(message: Outgoing, error?: Error | null): void {
  if (error) return;
  message.emit('finish');
}

/** The socket can take more: tells who was asked to wait. */
export function emitDrain(message: Outgoing): void {
  if (!message[kNeedDrain]) return;
  message[kNeedDrain] = false;
  message.emit('drain');
}

/** Is the sum of what is written to be what Content-Length says? */
function checksLength(message: Outgoing): boolean {
  return (
    message.strictContentLength &&
    message._contentLength !== null &&
    message._contentLength > 0 &&
    message._hasBody &&
    !message.chunkedEncoding &&
    !message._removedContLen
  );
}

function lengthOf(chunk: Chunk, encoding: BufferEncoding | null | undefined): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding ?? 'utf8') : chunk.byteLength;
}

function isUtf8(encoding: BufferEncoding | null | undefined): boolean {
  return !encoding || encoding === 'utf8' || encoding === 'utf-8';
}

/**
 * Writes content. Returns false where the caller should wait for 'drain'.
 * @param finish Given with the last content: to be called when the end of the message was handed to the system.
 */
function writeContent(
  message: Outgoing,
  chunk: Chunk,
  encodingArgument: BufferEncoding | null | undefined,
  callback: Callback,
  finish: Callback | null,
): boolean {
  let encoding = encodingArgument;
  if (chunk === null) throw nullValues();
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
    throw invalidArgType('chunk', 'of type string or an instance of Buffer or Uint8Array', chunk);
  }
  const error = message.finished ? writeAfterEnd() : message.destroyed ? streamDestroyed('write') : null;
  if (error !== null) {
    if (message.destroyed) process.nextTick(callback, error);
    else reportError(message, error, callback);
    return false;
  }
  const length = lengthOf(chunk, encoding);
  if (message._header === null) {
    if (finish !== null) message._contentLength = length;
    message._implicitHeader();
  }
  if (!message._hasBody) {
    if (message[kRejectBodyWrites]) throw bodyNotAllowed();
    debug('this message may not have content: what was written is left out');
    if (finish !== null) sendEnd(message, finish);
    else process.nextTick(callback);
    return true;
  }
  if (checksLength(message)) {
    const total = message[kBytesWritten] + length;
    const declared = message._contentLength as number;
    if (finish !== null ? total !== declared : total > declared) throw contentLengthMismatch(total, declared);
  }
  message[kBytesWritten] += length;
  // One byte a character in UTF-8 is ASCII: it may travel as Latin-1, in one text with the head.
  if (typeof chunk === 'string' && isUtf8(encoding) && length === chunk.length) encoding = 'latin1';
  if (finish !== null) return sendLast(message, chunk, encoding, finish, length);
  corkUntilTick(message);
  let accepted: boolean;
  if (!message.chunkedEncoding || length === 0) {
    accepted = message._send(chunk, encoding, callback, length);
  } else if (message[kCorked] > 0 && message._headerSent) {
    accepted = holdChunk(message, { data: chunk, encoding: encoding ?? null, callback }, length);
  } else {
    accepted = sendChunk(message, chunk, encoding, callback, length, CHUNK_END);
  }
  if (!accepted) message[kNeedDrain] = true;
  return accepted;
}

/** The last content, and what ends the message behind it. */
function sendLast(
  message: Outgoing,
  chunk: Chunk,
  encoding: BufferEncoding | null | undefined,
  finish: Callback,
  length: number,
): boolean {
  if (!message.chunkedEncoding) return message._send(chunk, encoding, finish, length);
  if (length > 0 && message[kCorked] > 0 && message._headerSent) {
    holdChunk(message, { data: chunk, encoding: encoding ?? null, callback: null }, length);
    sendEnd(message, finish);
    return true;
  }
  sendHeldChunks(message);
  if (length === 0) {
    sendEnd(message, finish);
    return true;
  }
  return sendChunk(message, chunk, encoding, finish, length, CHUNK_END + lastChunk(message._trailer));
}

/** What is written within one turn of the event loop leaves in one piece. */
function corkUntilTick(message: Outgoing): void {
  const { socket } = message;
  if (socket === null) return;
  const outlet = message[kConnection];
  if (outlet !== null) outlet.corkUntilTick();
  else if (!socket.writableCorked) {
    socket.cork();
    process.nextTick(uncorkSocket, socket);
  }
}

function uncorkSocket(socket: Socket): void {
  socket.uncork();
}

function sendChunk(
  message: Outgoing,
  chunk: Chunk,
  encoding: BufferEncoding | null | undefined,
  callback: Callback | null,
  length: number,
  end: string,
): boolean {
  if (typeof chunk === 'string' && encoding === 'latin1') {
    return message._send(chunkHead(length) + chunk + end, 'latin1', callback);
  }
  message._send(chunkHead(length), 'latin1', null);
  message._send(chunk, encoding, null, length);
  return message._send(end, 'latin1', callback);
}

/** Between cork() and uncork(), what is written becomes one chunk. */
function holdChunk(message: Outgoing, write: PendingWrite, length: number): boolean {
  const held = (message[kCorkedChunks] ??= []);
  held.push(write);
  let total = length;
  for (const { data } of held) total += data.length;
  return total < message[kHighWaterMark];
}

function sendHeldChunks(message: Outgoing): void {
  const held = message[kCorkedChunks];
  if (held === null || held.length === 0) return;
  message[kCorkedChunks] = null;
  let total = 0;
  for (const { data, encoding } of held) total += lengthOf(data, encoding);
  message._send(chunkHead(total), 'latin1', null);
  for (const { data, encoding } of held) message._send(data, encoding, null);
  const callbacks = held.map((write) => write.callback).filter((callback) => callback !== null && callback !== nop);
  message._send(
    CHUNK_END,
    'latin1',
    callbacks.length === 0
      ? null
      : (error) => {
          for (const callback of callbacks) (callback as Callback)(error);
        },
  );
}

const members: ThisType<Outgoing> & Record<string, unknown> = {
  /** Sets the socket's timeout, now or once there is one; the callback is a listener for 'timeout'. */
  setTimeout(milliseconds: number, callback?: () => void) {
    if (callback) this.on('timeout', callback);
    if (this.socket === null) {
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
    if (this._headerSent || this._header === null) return this._writeRaw(data, encoding, callback, byteLength);
    this._headerSent = true;
    const head = this._header;
    if (typeof data === 'string') {
      // A head is Latin-1, always: joined with text in another encoding its own octets would change.
      if (encoding === 'latin1' || data === '') return this._writeRaw(head + data, 'latin1', callback);
      return this._writeRaw(joined(head, Buffer.from(data, encoding ?? 'utf8')), null, callback);
    }
    if (data.byteLength <= JOIN_LIMIT) return this._writeRaw(joined(head, data), null, callback);
    const { socket } = this;
    socket?.cork();
    this._writeRaw(head, 'latin1', null);
    const accepted = this._writeRaw(data, null, callback);
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
    if (socket !== null && (socket as TurnSocket)._httpMessage === (this as unknown) && socket.writable) {
      if (this.outputData.length > 0) this._flushOutput(socket);
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

  /**
   * Sets a header; it replaces one of the same name.
   * @throws ERR_HTTP_HEADERS_SENT, ERR_INVALID_HTTP_TOKEN, ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_CHAR
   */
  setHeader(name: string, value: HeaderValue) {
    if (this._header !== null) throw headersSent('set');
    const checked = outgoingName(name);
    validateHeaderValue(name, value);
    (this[kStore] ??= new HeaderStore()).set(name, value, checked);
    return this;
  },

  /** Sets the headers of a Headers or a Map. @throws as setHeader; ERR_INVALID_ARG_TYPE */
  setHeaders(headers: Headers | Map<string, HeaderValue>) {
    if (this._header !== null) throw headersSent('set');
    if (
      !headers ||
      Array.isArray(headers) ||
      typeof headers.keys !== 'function' ||
      typeof headers.get !== 'function'
    ) {
      throw invalidArgType('headers', 'an instance of Headers or Map', headers);
    }
    // Headers iterates over every Set-Cookie by itself, and setHeader would keep the last.
    const cookies: string[] = [];
    for (const [name, value] of headers as Map<string, HeaderValue>) {
      if (name === 'set-cookie') {
        if (Array.isArray(value)) cookies.push(...value);
        else cookies.push(value as string);
      } else {
        this.setHeader(name, value as string);
      }
    }
    if (cookies.length > 0) this.setHeader('set-cookie', cookies);
    return this;
  },

  /** Adds to a header's values. @throws as setHeader */
  appendHeader(name: string, value: HeaderValue) {
    if (this._header !== null) throw headersSent('append');
    const checked = outgoingName(name);
    validateHeaderValue(name, value);
    (this[kStore] ??= new HeaderStore()).append(name, value, checked);
    return this;
  },

  /** What was set, in the type it was set in; undefined where nothing was. */
  getHeader(name: string) {
    checkNameIsString(name);
    return this[kStore]?.get(name);
  },

  /** The names that are set, in lower case. */
  getHeaderNames() {
    return this[kStore]?.names() ?? [];
  },

  /** The names that are set, as they were spelled. */
  getRawHeaderNames() {
    return this[kStore]?.rawNames() ?? [];
  },

  /** A copy of what is set, on an object without prototype. */
  getHeaders() {
    return this[kStore]?.toObject() ?? Object.create(null);
  },

  hasHeader(name: string) {
    checkNameIsString(name);
    return this[kStore]?.has(name) ?? false;
  },

  /** Removes a header; one that would be added by itself stays away then. @throws ERR_HTTP_HEADERS_SENT */
  removeHeader(name: string) {
    checkNameIsString(name);
    if (this._header !== null) throw headersSent('remove');
    const lowerCase = name.toLowerCase();
    if (lowerCase === 'connection') this._removedConnection = true;
    else if (lowerCase === 'date') this.sendDate = false;
    else if (lowerCase === CONTENT_LENGTH_NAME) this._removedContLen = true;
    else if (lowerCase === TRANSFER_ENCODING_NAME) this._removedTE = true;
    this[kStore]?.delete(lowerCase);
  },

  _implicitHeader() {
    throw methodNotImplemented('_implicitHeader()');
  },

  _renderHeaders() {
    if (this._header !== null) throw headersSent('render');
    const rendered: Record<string, HeaderValue> = {};
    for (const { name, value } of this[kStore]?.values() ?? []) rendered[name] = value;
    return rendered;
  },

  /**
   * Fields for the trailer section; they are sent where the content is chunked.
   * @throws ERR_INVALID_HTTP_TOKEN, ERR_INVALID_CHAR
   */
  addTrailers(headers: Record<string, string> | readonly [string, string][]) {
    this._trailer = '';
    const entries: Iterable<[string, string]> = Array.isArray(headers) ? headers : Object.entries(headers);
    for (const [name, value] of entries) {
      validateHeaderName(name, 'Trailer name');
      for (const one of Array.isArray(value) ? value : [value]) {
        if (hasInvalidChar(one)) throw invalidChar('trailer content', name);
        this._trailer += fieldLine(name, one);
      }
    }
  },

  /** Sends the head now rather than with the first content. */
  flushHeaders() {
    if (this._header === null) this._implicitHeader();
    this._send('');
  },

  pipe() {
    // What is written cannot be read again.
    this.emit('error', cannotPipe());
  },

  _finish() {
    this.emit('prefinish');
  },

  /** It is this message's turn on the socket: what waited is written. */
  _flush() {
    const { socket } = this;
    if (!socket?.writable) return;
    const accepted = this._flushOutput(socket);
    if (this.finished) {
      this._finish();
      this[kConnection]?.messageEnded(this);
    } else if (accepted) {
      emitDrain(this);
    }
  },

  _flushOutput(socket: Socket) {
    const { outputData } = this;
    if (outputData.length === 0) return true;
    while (this[kCorked] > 0) {
      this[kCorked]--;
      socket.cork();
    }
    let accepted = true;
    socket.cork();
    for (const { data, encoding, callback } of outputData) {
      accepted = socket.write(data as string, encoding as BufferEncoding, callback as Callback);
    }
    socket.uncork();
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

/** Content up to this size is copied behind the head into one buffer: cheaper than a write of two pieces. */
const JOIN_LIMIT = 16 * 1024;

function joined(head: string, content: Uint8Array): Buffer {
  const buffer = Buffer.allocUnsafe(head.length + content.byteLength);
  buffer.write(head, 0, 'latin1');
  buffer.set(content, head.length);
  return buffer;
}

interface TurnSocket extends Socket {
  /** The message whose turn it is on this socket. */
  _httpMessage?: Outgoing | null;
}

/** Ends the message: last content and what ends it leave in as few writes as they can. */
function endMessage(
  message: Outgoing,
  chunk: Chunk | null,
  encoding: BufferEncoding | null | undefined,
  callback: Callback | undefined,
): void {
  const outlet = message[kConnection];
  const finish = outlet !== null ? outlet.onFlushed : (error?: Error | null) => emitFinish(message, error);
  if (chunk !== null) {
    const { socket } = message;
    // Last content in several pieces still leaves as one.
    const isOnePiece = typeof chunk === 'string' || !message.chunkedEncoding || socket === null;
    if (!isOnePiece) socket.cork();
    try {
      writeContent(message, chunk, encoding, nop, finish);
    } finally {
      if (!isOnePiece) socket.uncork();
    }
  } else {
    if (message._header === null) {
      message._contentLength = 0;
      message._implicitHeader();
    }
    if (checksLength(message) && message[kBytesWritten] !== message._contentLength) {
      throw contentLengthMismatch(message[kBytesWritten], message._contentLength as number);
    }
    sendEnd(message, finish);
  }
  if (typeof callback === 'function') message.once('finish', callback);
  const { socket } = message;
  while (message[kCorked] > 0) {
    message[kCorked]--;
    socket?.uncork();
  }
  message.finished = true;
  if (message.outputData.length === 0 && (socket as TurnSocket | null)?._httpMessage === message) {
    message._finish();
    outlet?.messageEnded(message);
  }
}

/** What ends content that was written before: the last chunk, or nothing but the head. */
function sendEnd(message: Outgoing, finish: Callback): void {
  sendHeldChunks(message);
  if (message._hasBody && message.chunkedEncoding) {
    message._send(lastChunk(message._trailer), 'latin1', finish);
  } else if (!message._headerSent || message.writableLength > 0) {
    message._send('', 'latin1', finish);
  } else {
    process.nextTick(finish);
  }
}

for (const name of Reflect.ownKeys(members)) {
  Object.defineProperty(OutgoingMessage.prototype, name, {
    value: members[name as string],
    writable: true,
    configurable: true,
    enumerable: true,
  });
}

function defineGetter<T>(name: string, get: (this: Outgoing) => T, set?: (this: Outgoing, value: T) => void): void {
  Object.defineProperty(OutgoingMessage.prototype, name, { get, set, configurable: true, enumerable: false });
}

defineGetter('errored', function () {
  return this[kErrored];
});
defineGetter('closed', function () {
  return this._closed;
});
defineGetter('writableFinished', function () {
  return this.finished && this.outputSize === 0 && (this.socket === null || this.socket.writableLength === 0);
});
defineGetter('writableObjectMode', () => false);
defineGetter('writableLength', function () {
  let held = 0;
  for (const { data } of this[kCorkedChunks] ?? []) held += data.length;
  return this.outputSize + held + (this.socket === null ? 0 : this.socket.writableLength);
});
defineGetter('writableHighWaterMark', function () {
  return this.socket === null ? this[kHighWaterMark] : this.socket.writableHighWaterMark;
});
defineGetter('writableCorked', function () {
  return this[kCorked];
});
defineGetter('writableEnded', function () {
  return this.finished;
});
defineGetter('writableNeedDrain', function () {
  return !this.destroyed && !this.finished && this[kNeedDrain];
});
defineGetter('headersSent', function () {
  return this._header !== null;
});
/** The former name of `socket`. */
defineGetter(
  'connection',
  function () {
    return this.socket;
  },
  function (socket) {
    this.socket = socket;
  },
);
