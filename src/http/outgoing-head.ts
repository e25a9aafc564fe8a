/**
 * The head of a message out: the caller's fields in the caller's order, then what barewire adds: Date, Connection,
 * Keep-Alive, and Content-Length or Transfer-Encoding.
 */
import { invalidArgValue, trailerInvalid } from '../errors.js';
import {
  CHUNKED,
  CHUNKED_BY_DEFAULT,
  CLOSE_DELIMITED,
  CONTENT_LENGTH_REMOVED,
  codesChunked,
  declaredLength,
  HAS_CONTENT_LENGTH,
  HAS_TRAILERS,
  HAS_TRANSFER_ENCODING,
  NO_CONTENT,
  outgoingFraming,
  TRANSFER_ENCODING_REMOVED,
} from '../wire/framing.js';
import { connectionOptions, OPTION_CLOSE } from '../wire/persistence.js';
import { SECTION_END } from '../wire/serializer.js';
import { flat } from '../wire/text.js';
import { currentDateLine } from './date.js';
import {
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  checkValue,
  DATE,
  EXPECT,
  type HeaderValue,
  KEEP_ALIVE,
  outgoingName,
  PLAIN,
  TRAILER,
  TRANSFER_ENCODING,
  validateHeaderValue,
} from './header-store.js';
import type { HeadersArgument, Outgoing } from './outgoing.js';
import { kRejectBodyWrites, kStore, kUniqueHeaders } from './symbols.js';

/** The line of chunked content, and the end of the section. */
const CHUNKED_END = `Transfer-Encoding: chunked\r\n${SECTION_END}`;

/** Which roles the caller's fields had, as bits. One head is built at a time. */
let met = 0;

/** Are the caller's lines one line that is kept, the same text each time? */
let isOneKeptLine = false;

/** One header's lines. */
function linesOf(message: Outgoing, name: string, value: HeaderValue, role: number): string {
  if (Array.isArray(value)) {
    if (value.length > 1 && (role === COOKIE || message[kUniqueHeaders]?.has(name.toLowerCase()))) {
      return lineOf(message, name, value.join('; '), role);
    }
    let lines = '';
    for (const one of value) lines += lineOf(message, name, one, role);
    return lines;
  }
  return lineOf(message, name, value as string, role);
}

function lineOf(message: Outgoing, name: string, value: string | number, role: number): string {
  if (role !== PLAIN) notice(message, value, role);
  return `${name}: ${value}\r\n`;
}

/** The fields that decide over the connection or the framing. */
function notice(message: Outgoing, value: string | number, role: number): void {
  met |= 1 << role;
  switch (role) {
    case CONNECTION:
      message._removedConnection = false;
      if ((connectionOptions(String(value)) & OPTION_CLOSE) !== 0) message._last = true;
      else message.shouldKeepAlive = true;
      break;
    case TRANSFER_ENCODING:
      message._removedTE = false;
      if (codesChunked(String(value))) message.chunkedEncoding = true;
      break;
    case CONTENT_LENGTH:
      message._contentLength = declaredLength(value);
      message._removedContLen = false;
      break;
    case KEEP_ALIVE:
      message._defaultKeepAlive = false;
      break;
  }
}

function checkedLines(message: Outgoing, name: string, value: HeaderValue): string {
  const checked = outgoingName(name);
  if (Array.isArray(value)) for (const one of value) validateHeaderValue(name, one);
  else checkValue(checked, name, value);
  if (value === checked.lastValue && checked.role === PLAIN) return checked.lastLine;
  return linesOf(message, name, value, checked.role);
}

function callersLines(message: Outgoing, headers: HeadersArgument | undefined): string {
  let lines = '';
  if (headers === undefined || headers === null) {
    const store = message[kStore];
    if (store === null) return lines;
    const { first } = store;
    if (first !== null && first.next === null && first.line !== '') {
      isOneKeptLine = true;
      return first.line;
    }
    for (let header = store.first; header !== null; header = header.next) {
      const { name, value, role, line } = header;
      lines += line === '' ? linesOf(message, name, value, role) : line;
    }
  } else if (Array.isArray(headers)) {
    if (headers.length > 0 && Array.isArray(headers[0])) {
      for (const [name, value] of headers as [string, HeaderValue][])
        lines += checkedLines(message, name, value);
    } else {
      if (headers.length % 2 !== 0) throw invalidArgValue('headers', headers, 'is invalid');
      for (let i = 0; i < headers.length; i += 2) {
        lines += checkedLines(message, headers[i] as string, headers[i + 1] as HeaderValue);
      }
    }
  } else {
    for (const name in headers as Record<string, HeaderValue>) {
      if (Object.hasOwn(headers, name)) {
        lines += checkedLines(message, name, (headers as Record<string, HeaderValue>)[name]);
      }
    }
  }
  return lines;
}

/** The Connection and Keep-Alive lines of a persistent connection, by time-out and limit. */
let keepAliveLines = '';
let keepAliveTimeout = -1;
let keepAliveMax = -1;

function persistentLines(message: Outgoing): string {
  if (message._keepAliveTimeout === 0 || !message._defaultKeepAlive) return 'Connection: keep-alive\r\n';
  const max = ~~message._maxRequestsPerSocket;
  if (message._keepAliveTimeout !== keepAliveTimeout || max !== keepAliveMax) {
    keepAliveTimeout = message._keepAliveTimeout;
    keepAliveMax = max;
    const limit = max > 0 ? `, max=${max}` : '';
    keepAliveLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}${limit}\r\n`;
  }
  return keepAliveLines;
}

/** Lines that barewire adds to one head after another, as one text: Date and those of the connection, and chunked. */
let addedDate = '';
let addedConnection = '';
let addedBoth = '';
let addedChunked = CHUNKED_END;

/** Date and the connection's lines. */
function addedLines(date: string, connection: string): string {
  if (date !== addedDate || connection !== addedConnection) {
    addedDate = date;
    addedConnection = connection;
    addedBoth = flat(date + connection);
    addedChunked = flat(addedBoth + CHUNKED_END);
  }
  return addedBoth;
}

/**
 * What heads begin with that differ in nothing but the length of their content, and say of it one thing: as one text,
 * once it came again. To put it together takes longer than to see that it is the same.
 */
let beginFirstLine = '';
let beginLines = '';
let beginAdded = '';
let begin = '';

function beginOf(firstLine: string, lines: string, added: string): string {
  if (!isOneKeptLine) return firstLine + lines + added;
  if (firstLine === beginFirstLine && lines === beginLines && added === beginAdded) {
    if (begin === '') begin = flat(firstLine + lines + added);
    return begin;
  }
  beginFirstLine = firstLine;
  beginLines = lines;
  beginAdded = added;
  begin = '';
  return firstLine + lines + added;
}

/** The Content-Length lines of short contents, with the end of the section behind them, by the length. */
const lengthLines: (string | undefined)[] = new Array(1024).fill(undefined);

function lengthLine(length: number): string {
  return (lengthLines[length] ??= flat(`Content-Length: ${length}\r\n${SECTION_END}`));
}

/** Is the connection to be kept, as far as the head says so? Adds the line that does. */
function connectionLines(message: Outgoing): string {
  if (message._removedConnection) {
    message._last = !message.shouldKeepAlive;
    return '';
  }
  if ((met & (1 << CONNECTION)) !== 0) return '';
  // Without a length or chunked, the end of the connection is the end of the message.
  const hasEnd =
    (met & (1 << CONTENT_LENGTH)) !== 0 || message.useChunkedEncodingByDefault || Boolean(message.agent);
  if (!message.shouldKeepAlive || !hasEnd || message.maxRequestsOnConnectionReached) {
    message._last = true;
    return 'Connection: close\r\n';
  }
  return persistentLines(message);
}

/** The lines that frame the content, and the end of the section. */
function framingLines(message: Outgoing): string {
  let facts = 0;
  if (!message._hasBody) facts |= NO_CONTENT;
  if ((met & (1 << CONTENT_LENGTH)) !== 0) facts |= HAS_CONTENT_LENGTH;
  if ((met & (1 << TRANSFER_ENCODING)) !== 0) facts |= HAS_TRANSFER_ENCODING;
  if ((met & (1 << TRAILER)) !== 0) facts |= HAS_TRAILERS;
  if (message._removedContLen) facts |= CONTENT_LENGTH_REMOVED;
  if (message._removedTE) facts |= TRANSFER_ENCODING_REMOVED;
  if (message.useChunkedEncodingByDefault) facts |= CHUNKED_BY_DEFAULT;
  const framing = outgoingFraming(facts, message._contentLength);
  if (framing === null) {
    if ((facts & NO_CONTENT) !== 0 && (facts & (HAS_CONTENT_LENGTH | HAS_TRANSFER_ENCODING)) === 0) {
      message.chunkedEncoding = false;
    }
    return SECTION_END;
  }
  if (framing === CLOSE_DELIMITED) {
    message._last = true;
    const { method } = message as { method?: string };
    if (method !== undefined && method !== 'CONNECT' && !message[kStore]?.has('upgrade')) {
      // A request does not end with its connection: this one says that it has no content, and cannot take it back.
      message._hasBody = false;
      message[kRejectBodyWrites] = true;
    }
    return SECTION_END;
  }
  if (framing !== CHUNKED) {
    return framing < lengthLines.length
      ? lengthLine(framing)
      : `Content-Length: ${framing}\r\n${SECTION_END}`;
  }
  message.chunkedEncoding = true;
  return CHUNKED_END;
}

/**
 * Builds the head from its first line and the headers given, or else the headers that are set.
 * @throws ERR_INVALID_HTTP_TOKEN, ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_CHAR, ERR_HTTP_TRAILER_INVALID
 */
export function buildHead(message: Outgoing, firstLine: string, headers: HeadersArgument | undefined): void {
  met = 0;
  isOneKeptLine = false;
  const lines = callersLines(message, headers);
  const date = message.sendDate && (met & (1 << DATE)) === 0 ? currentDateLine() : '';
  const { statusCode } = message as { statusCode?: number };
  if (message.chunkedEncoding && (statusCode === 204 || statusCode === 304)) {
    // The caller says there is content in a response that has none: nobody may wait for it.
    message.chunkedEncoding = false;
    message.shouldKeepAlive = false;
  }
  const added = addedLines(date, connectionLines(message));
  const framing = framingLines(message);
  if ((met & (1 << TRAILER)) !== 0 && !message.chunkedEncoding) throw trailerInvalid();
  message._header =
    framing === CHUNKED_END
      ? beginOf(firstLine, lines, addedChunked)
      : beginOf(firstLine, lines, added) + framing;
  message._headerSent = false;
  // A client waits for 100 (Continue) before it sends more than the head.
  if ((met & (1 << EXPECT)) !== 0) message._send('');
}
