/**
 * The content of a message out: chunked or not, corked or not, joined with the head where that saves a write; and
 * the end of the message.
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import {
  bodyNotAllowed,
  contentLengthMismatch,
  invalidArgType,
  nullValues,
  streamDestroyed,
  unknownEncoding,
  writeAfterEnd,
} from '../errors.js';
import { CHUNK_END, chunkHead, endAndLastChunk, lastChunk } from '../wire/chunked.js';
import { latin1, utf8Length } from '../wire/text.js';
import { debug } from './diagnostics.js';
import { JOIN_LIMIT, type Outbox, TEXT_JOIN_LIMIT } from './outbox.js';
import {
  type Callback,
  type Chunk,
  callAll,
  emitHeard,
  isRequest,
  nop,
  type Outgoing,
  type PendingWrite,
  type TurnSocket,
} from './outgoing.js';
import { process } from './process.js';
import {
  kBytesWritten,
  kConnection,
  kCorked,
  kCorkedChunks,
  kEndCallback,
  kErrored,
  kHighWaterMark,
  kNeedDrain,
  kRejectBodyWrites,
  kUnsentEnd,
} from './symbols.js';

/** Content as Latin-1: a character for each octet. */
export function latin1Of(content: Uint8Array): string {
  return latin1(content, 0, content.byteLength);
}

/**
 * May octets travel as text? Only to a socket that a connection of ours has: a stream of the caller's may be any object
 * with a `write`, and read all text as UTF-8, as that of serverless-http does.
 */
export function joinsOctets(message: Outgoing): boolean {
  return message[kConnection] !== null || !message.socket;
}

/**
 * The outbox, where it joins octets of this message: its turn has come, and nothing of it waits elsewhere.
 * @param length Of what is to be joined with what is before and behind it.
 */
export function joiningOutbox(
  message: Outgoing,
  headLength: number,
  length: number,
  isText: boolean,
): Outbox | null {
  const outlet = message[kConnection];
  if (outlet === null || length > (isText ? TEXT_JOIN_LIMIT : JOIN_LIMIT)) return null;
  const { outbox } = outlet;
  const { socket } = message;
  return outbox.joins(headLength + length, isText) &&
    message.outputData.length === 0 &&
    (socket as TurnSocket | null)?._httpMessage === message &&
    socket?.writable
    ? outbox
    : null;
}

/** Is head and content one text in UTF-8? A head is Latin-1, always: it must be ASCII. */
export function isUtf8Behind(
  head: string,
  content: Chunk,
  encoding: BufferEncoding | null | undefined,
): boolean {
  return typeof content === 'string' && isUtf8(encoding) && utf8Length(head) === head.length;
}

/** The error of a call that came too late: emitted once, and given to the callback. */
export function reportError(message: Outgoing, error: Error, callback: Callback): void {
  if (message.destroyed) return;
  if (isSent(message) || message[kConnection]?.isClosing(message)) process.nextTick(callback, error);
  else process.nextTick(emitError, message, error, callback);
}

/** Was all of a response sent? It closes in the next tick, before an error would be told, as node:http has it. */
function isSent(message: Outgoing): boolean {
  return message.finished && message[kConnection] !== null && !message.socket && message.outputSize === 0;
}

function emitError(message: Outgoing, error: Error, callback: Callback): void {
  callback(error);
  // A response was closed in the meantime because it is complete, as node:http would not have it yet, and not destroyed by
  // the caller. A request that is closed has told how it ended.
  const isOver = message._closed && message[kErrored] === null && !isRequest(message);
  if (!message.destroyed || isOver) message.emit('error', error);
}

/** 'finish' of a message that ended before it had a connection: if it has one by now, that is to know. */
function flushed(message: Outgoing, error?: Error | null): void {
  const outlet = message[kConnection];
  if (outlet !== null) outlet.onFlushed(error);
  else if (!error) emitHeard(message, 'finish');
}

/** Is the sum of what is written to be what Content-Length says? */
function checksLength(message: Outgoing): boolean {
  return (
    message.strictContentLength &&
    message._contentLength !== null &&
    message._hasBody &&
    !message.chunkedEncoding &&
    !message._removedContLen
  );
}

function lengthOf(chunk: Chunk, encoding: BufferEncoding | null | undefined): number {
  if (typeof chunk !== 'string') return chunk.byteLength;
  return isUtf8(encoding) ? utf8Length(chunk) : Buffer.byteLength(chunk, encoding as BufferEncoding);
}

/**
 * Before the head is on its way: what is written next would go without it.
 * @throws ERR_UNKNOWN_ENCODING
 */
function checkEncoding(encoding: string): void {
  if (!Buffer.isEncoding(encoding)) throw unknownEncoding(encoding);
}

function isUtf8(encoding: BufferEncoding | null | undefined): boolean {
  return !encoding || encoding === 'utf8' || encoding === 'utf-8';
}

/**
 * Writes content. Returns false where the caller should wait for 'drain'.
 * @param finish Given with the last content: to be called when the end of the message was handed to the system.
 */
export function writeContent(
  message: Outgoing,
  chunk: Chunk,
  encodingArgument: BufferEncoding | null | undefined,
  callbackArgument: Callback,
  finish: Callback | null,
): boolean {
  let encoding = encodingArgument;
  if (chunk === null) throw nullValues();
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
    throw invalidArgType('chunk', 'of type string or an instance of Buffer or Uint8Array', chunk);
  }
  const error = message.finished ? writeAfterEnd() : message.destroyed ? streamDestroyed('write') : null;
  if (error !== null) {
    if (message.destroyed) process.nextTick(callbackArgument, error);
    else reportError(message, error, callbackArgument);
    return false;
  }
  const length = lengthOf(chunk, encoding);
  if (!message._header) {
    if (finish !== null) message._contentLength = length;
    message._implicitHeader(length);
  }
  // An empty write of a request still sends the head, where that announced no content.
  if (!message._hasBody && (length > 0 || !isRequest(message))) {
    if (message[kRejectBodyWrites]) throw bodyNotAllowed();
    debug('this message may not have content: what was written is left out');
    if (finish !== null) sendEnd(message, finish);
    else process.nextTick(callbackArgument);
    return true;
  }
  if (checksLength(message)) {
    const total = message[kBytesWritten] + length;
    const declared = message._contentLength as number;
    if (finish !== null ? total !== declared : total > declared) throw contentLengthMismatch(total, declared);
  }
  message[kBytesWritten] += length;
  if (typeof chunk === 'string' && encoding !== 'latin1') {
    if (!isUtf8(encoding)) checkEncoding(encoding as string);
    // One byte a character in UTF-8 is ASCII: it may travel as Latin-1, in one text with the head.
    else if (length === chunk.length) encoding = 'latin1';
  }
  if (finish !== null) return sendLast(message, chunk, encoding, finish, length);
  corkUntilTick(message);
  let accepted: boolean;
  // The stream calls for what other messages wrote behind this call.
  const callback =
    callbackArgument === nop ? nop : (result?: Error | null) => callAll([callbackArgument], result);
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
  if (!message.chunkedEncoding) {
    if (!message.socket || message[kConnection] !== null) {
      return message._send(chunk, encoding, finish, length);
    }
    // A stream of the caller's sees the end as a write of its own, as node:http has it.
    message._send(chunk, encoding, null, length);
    return message._send('', 'latin1', finish);
  }
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
  return sendChunk(message, chunk, encoding, finish, length, endAndLastChunk(message._trailer));
}

/** What is written within one turn of the event loop leaves in one piece. */
function corkUntilTick(message: Outgoing): void {
  const { socket } = message;
  if (!socket) return;
  const outlet = message[kConnection];
  if (outlet !== null) outlet.outbox.gatherUntilTick();
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
  const isText = typeof chunk === 'string' && encoding === 'latin1';
  const head = message._headerSent ? '' : (message._header ?? '');
  const line = chunkHead(length);
  const outbox = joiningOutbox(message, head.length + line.length + end.length, length, isText);
  if (outbox !== null) {
    if (head !== '') message._headerSent = true;
    return outbox.writeJoined(head, line, chunk, encoding, length, end, callback);
  }
  if (isText && length <= TEXT_JOIN_LIMIT) {
    return message._send(line + chunk + end, 'latin1', callback);
  }
  if (!isText && length <= JOIN_LIMIT && joinsOctets(message)) {
    const content = latin1Of(typeof chunk === 'string' ? Buffer.from(chunk, encoding ?? 'utf8') : chunk);
    return message._send(line + content + end, 'latin1', callback);
  }
  const { socket } = message;
  socket?.cork();
  message._send(line, 'latin1', null);
  message._send(chunk, encoding, null, length);
  const accepted = message._send(end, 'latin1', callback);
  socket?.uncork();
  return accepted;
}

/** Between cork() and uncork(), what is written becomes one chunk. */
function holdChunk(message: Outgoing, write: PendingWrite, length: number): boolean {
  const held = (message[kCorkedChunks] ??= { writes: [], byteLength: 0 });
  held.writes.push(write);
  held.byteLength += length;
  return held.byteLength < message[kHighWaterMark];
}

export function sendHeldChunks(message: Outgoing): void {
  const held = message[kCorkedChunks];
  if (held === null) return;
  message[kCorkedChunks] = null;
  message._send(chunkHead(held.byteLength), 'latin1', null);
  for (const { data, encoding } of held.writes) message._send(data, encoding, null);
  const callbacks = held.writes
    .map((write) => write.callback)
    .filter((callback) => callback !== null && callback !== nop);
  message._send(
    CHUNK_END,
    'latin1',
    callbacks.length === 0 ? null : (error) => callAll(callbacks as Callback[], error),
  );
}

/** Ends the message: last content and what ends it leave in as few writes as they can. */
export function endMessage(
  message: Outgoing,
  chunk: Chunk | null,
  encoding: BufferEncoding | null | undefined,
  callback: Callback | undefined,
): void {
  const outlet = message[kConnection];
  let isFlushed = false;
  const finish: Callback =
    outlet !== null
      ? outlet.onFlushed
      : (error) => {
          isFlushed = !error;
          flushed(message, error);
        };
  if (outlet === null) message[kUnsentEnd] = finish;
  if (chunk !== null) {
    writeContent(message, chunk, encoding, nop, finish);
  } else {
    if (!message._header) {
      message._contentLength = 0;
      message._implicitHeader();
    }
    if (checksLength(message) && message[kBytesWritten] !== message._contentLength) {
      throw contentLengthMismatch(message[kBytesWritten], message._contentLength as number);
    }
    sendEnd(message, finish);
  }
  if (typeof callback === 'function') {
    // A stream of the caller's may have said so at once.
    if (isFlushed) {
      callback();
    } else {
      message.once('finish', callback);
      message[kEndCallback] = callback;
    }
  }
  const { socket } = message;
  while (message[kCorked] > 0) {
    message[kCorked]--;
    socket?.uncork();
  }
  message.finished = true;
  if (message.outputData.length === 0 && (socket as TurnSocket | null)?._httpMessage === message) {
    handOn(message);
  }
}

/** All of the message is with the socket: the next one has its turn, whatever listeners of 'prefinish' throw. */
export function handOn(message: Outgoing): void {
  const outlet = message[kConnection];
  outlet?.outbox.flush();
  try {
    message._finish();
  } finally {
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
