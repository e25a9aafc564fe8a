/** ServerResponse: the response to one request (node:http `ServerResponse`). */
import type { AsyncResource } from 'node:async_hooks';
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import {
  headersSent,
  invalidArgType,
  invalidArgValue,
  invalidChar,
  invalidStatusCode,
  outOfRange,
  socketAssigned,
} from '../errors.js';
import { acceptsChunked } from '../wire/framing.js';
import { fieldLine, SECTION_END, statusLine } from '../wire/serializer.js';
import { isStatusWithoutContent, STATUS_CODES } from '../wire/tables.js';
import { responseCreated } from './diagnostics.js';
import {
  type HeaderStore,
  type HeaderValue,
  hasInvalidChar,
  outgoingName,
  validateHeaderName,
  validateHeaderValue,
} from './header-store.js';
import type { Incoming } from './incoming-message.js';
import {
  type Callback,
  emitClose,
  emitHeard,
  type HeadersArgument,
  type Outgoing,
  type OutgoingOptions,
} from './outgoing.js';
import { OutgoingMessage } from './outgoing-message.js';
import { type BegunEntry, beginServerEntry, finishServerEntry, isObserved } from './performance-entries.js';
import { process } from './process.js';
import { defineMembers } from './prototype.js';
import { kBegunEntry, kConnection, kScope, kStore } from './symbols.js';

/** The response with what is kept for ourselves, and the members that libraries reach for. */
export interface Response extends Outgoing {
  req: Incoming;
  statusCode: number;
  statusMessage: string;
  /** The context of the call that ended the response, where its last bytes are flushed in another. */
  [kScope]?: AsyncResource;
  /** The performance entry of its exchange, while it is observed. */
  [kBegunEntry]?: BegunEntry;
  _sent100: boolean;
  _expect_continue: boolean;
  assignSocket(socket: Socket): void;
  detachSocket(socket: Socket): void;
  writeHead(statusCode: number, reason?: string | HeadersArgument, headers?: HeadersArgument): Response;
  writeContinue(callback?: Callback): void;
}

interface TurnSocket extends Socket {
  _httpMessage?: Response | null;
}

/**
 * The response to a request. Made by the server; `new ServerResponse(req)` with `assignSocket` serves tests and
 * frameworks that inject requests.
 */
export const ServerResponse = function ServerResponse(
  this: Response,
  req: Incoming,
  options?: OutgoingOptions,
) {
  (OutgoingMessage as unknown as (this: Response, options?: OutgoingOptions) => void).call(this, options);
  if (req.method === 'HEAD') this._hasBody = false;
  this.req = req;
  this.statusCode = 200;
  this.statusMessage = undefined as unknown as string;
  this.sendDate = true;
  this._sent100 = false;
  this._expect_continue = false;
  if (req.httpVersionMajor < 1 || req.httpVersionMinor < 1) {
    this.useChunkedEncodingByDefault = acceptsChunked(req.headers.te as string | undefined);
    this.shouldKeepAlive = false;
  }
  if (isObserved) beginServerEntry(this);
  if (responseCreated.hasSubscribers) responseCreated.publish({ request: req, response: this });
} as unknown as typeof nodeHttp.ServerResponse;

Object.setPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ServerResponse, OutgoingMessage);

/** Taken once: a function's prototype is looked up anew each time that it is asked for. */
const outgoingPrototype = OutgoingMessage.prototype as unknown as Outgoing;

/** The socket of a response that no connection of ours takes care of closed. */
function onSocketClose(this: TurnSocket): void {
  if (this._httpMessage) emitClose(this._httpMessage);
}

/** @throws ERR_HTTP_INVALID_STATUS_CODE */
function checkedStatusCode(statusCode: number): number {
  // As an integer, as node:http reads it: '200' and 200.9 are 200.
  const code = statusCode | 0;
  if (code < 100 || code > 999) throw invalidStatusCode(statusCode);
  return code;
}

/** @throws ERR_INVALID_CHAR */
function checkStatusMessage(message: string): void {
  if (hasInvalidChar(message)) throw invalidChar('statusMessage');
}

/**
 * Sends an interim response, which comes before the final one or not at all.
 * An HTTP/1.0 client would take it for the final one (RFC 9110 section 15.2): it gets none.
 * @throws ERR_HTTP_HEADERS_SENT
 */
function writeInterim(response: Response, head: string, callback: Callback | undefined): boolean {
  if (response._header) throw headersSent('write');
  if (response.req.httpVersionMinor < 1) {
    if (callback) process.nextTick(callback);
    return true;
  }
  return response._writeRaw(head, 'latin1', callback);
}

const members: ThisType<Response> & Record<string, unknown> = {
  statusCode: 200,
  statusMessage: undefined,

  /** Gives the response its socket. @throws ERR_HTTP_SOCKET_ASSIGNED */
  assignSocket(socket: TurnSocket) {
    if (socket._httpMessage) throw socketAssigned();
    socket._httpMessage = this;
    if (this[kConnection] === null) socket.on('close', onSocketClose);
    this.socket = socket;
    try {
      emitHeard(this, 'socket', socket);
    } finally {
      this._flush();
    }
  },

  detachSocket(socket: TurnSocket) {
    if (this[kConnection] === null) socket.removeListener('close', onSocketClose);
    if (socket._httpMessage === this) socket._httpMessage = null;
    this.socket = null;
  },

  /** Sends 100 (Continue): the client may send the content (RFC 9110 section 10.1.1). @throws ERR_HTTP_HEADERS_SENT */
  writeContinue(callback?: Callback) {
    writeInterim(this, 'HTTP/1.1 100 Continue\r\n\r\n', callback);
    this._sent100 = true;
  },

  /** Sends 102 (Processing). @throws ERR_HTTP_HEADERS_SENT */
  writeProcessing(callback?: Callback) {
    writeInterim(this, 'HTTP/1.1 102 Processing\r\n\r\n', callback);
  },

  /**
   * Sends 103 (Early Hints) with a Link field and others (RFC 8297). Without links nothing is sent.
   * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_HTTP_TOKEN, ERR_INVALID_CHAR
   */
  writeEarlyHints(hints: Record<string, HeaderValue>, callback?: Callback) {
    if (hints === null || typeof hints !== 'object' || Array.isArray(hints)) {
      throw invalidArgType('hints', 'of type object', hints);
    }
    if (hints.link === null || hints.link === undefined) return;
    const link = linkValue(hints.link as string | string[]);
    if (link.length === 0) return;
    if (hasInvalidChar(link)) throw invalidChar('header content', 'Link');
    let head = `HTTP/1.1 103 Early Hints\r\n${fieldLine('Link', link)}`;
    for (const name of Object.keys(hints)) {
      if (name === 'link') continue;
      validateHeaderName(name);
      const value = hints[name];
      for (const one of Array.isArray(value) ? value : [value]) {
        validateHeaderValue(name, one);
        head += fieldLine(name, one as string);
      }
    }
    writeInterim(this, head + SECTION_END, callback);
  },

  /**
   * Sends an interim response: any status code of 100 to 199 but 101, which ends HTTP on the connection. Returns
   * false where the caller should wait for 'drain'.
   * @throws ERR_HTTP_HEADERS_SENT, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_HTTP_INVALID_STATUS_CODE,
   *   ERR_INVALID_HTTP_TOKEN, ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_CHAR
   */
  writeInformation(statusCode: number, headers?: HeadersArgument | null, callback?: Callback) {
    if (this._header) throw headersSent('write');
    if (typeof statusCode !== 'number') throw invalidArgType('statusCode', 'of type number', statusCode);
    if (!Number.isInteger(statusCode)) throw outOfRange('statusCode', 'an integer', statusCode);
    if (statusCode < 100 || statusCode > 199) throw outOfRange('statusCode', '>= 100 && <= 199', statusCode);
    if (statusCode === 101) throw invalidStatusCode(statusCode);
    if (headers !== undefined && headers !== null && typeof headers !== 'object') {
      throw invalidArgType('headers', 'of type object', headers);
    }
    let head = statusLine(statusCode, STATUS_CODES[statusCode] ?? 'unknown', checkStatusMessage);
    for (const [name, value] of pairsOf(headers ?? undefined)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      head += fieldLine(name, value as string);
    }
    if (statusCode === 100) this._sent100 = true;
    return writeInterim(this, head + SECTION_END, callback);
  },

  _finish() {
    if (isObserved) finishServerEntry(this);
    outgoingPrototype._finish.call(this);
  },

  _implicitHeader() {
    this.writeHead(this.statusCode);
  },

  /**
   * Makes the head: status, reason phrase, and headers over those that were set. Sent with the first content.
   * @throws ERR_HTTP_HEADERS_SENT, ERR_HTTP_INVALID_STATUS_CODE, ERR_INVALID_CHAR, and as setHeader
   */
  writeHead(statusArgument: number, reason?: string | HeadersArgument, headersArgument?: HeadersArgument) {
    if (this._header) throw headersSent('write');
    const statusCode = checkedStatusCode(statusArgument);
    let headers = headersArgument;
    if (typeof reason === 'string') {
      this.statusMessage = reason;
    } else {
      this.statusMessage ||= STATUS_CODES[statusCode] ?? 'unknown';
      headers ??= reason;
    }
    this.statusCode = statusCode;
    if (headers && this[kStore] !== null) {
      mergeHeaders(this, headers);
      headers = undefined;
    } else if (headers && Array.isArray(headers) && !Array.isArray(headers[0]) && headers.length % 2 !== 0) {
      throw invalidArgValue('headers', headers, 'is invalid');
    }
    const line = statusLine(statusCode, this.statusMessage, checkStatusMessage);
    if (isStatusWithoutContent(statusCode)) this._hasBody = false;
    // The client may send its content all the same, after it was told not to: nobody could tell it from a request.
    if (this._expect_continue && !this._sent100) this.shouldKeepAlive = false;
    this._storeHeader(line, headers || undefined);
    return this;
  },

  writeHeader(statusCode: number, reason?: string | HeadersArgument, headers?: HeadersArgument) {
    return this.writeHead(statusCode, reason, headers);
  },
};

/** Headers of `writeHead` over those that were set: each name replaces, and a name that comes again appends. */
function mergeHeaders(response: Response, headers: HeadersArgument): void {
  const store = response[kStore] as HeaderStore;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers as Record<string, HeaderValue>)) {
      if (name) response.setHeader(name, value);
    }
    return;
  }
  const pairs = pairsOf(headers);
  for (const [name] of pairs) store.delete(String(name).toLowerCase());
  for (const [name, value] of pairs) {
    if (!name) continue;
    const checked = outgoingName(name);
    validateHeaderValue(name, value);
    store.append(name, value, checked);
  }
}

function pairsOf(headers: HeadersArgument | undefined): readonly (readonly [string, HeaderValue])[] {
  if (!headers) return [];
  if (!Array.isArray(headers)) return Object.entries(headers as Record<string, HeaderValue>);
  if (Array.isArray(headers[0])) return headers as [string, HeaderValue][];
  if (headers.length % 2 !== 0) throw invalidArgValue('headers', headers, 'is invalid');
  const pairs: [string, HeaderValue][] = [];
  for (let i = 0; i < headers.length; i += 2)
    pairs.push([headers[i] as string, headers[i + 1] as HeaderValue]);
  return pairs;
}

/** What node:http takes for a link of early hints. */
const LINK = /^(?:<[^>\r\n]*>)(?:\s*;\s*[^;"\s=]+(?:=(")?[^;"\s]*\1)?)*$/;

function linkValue(hint: string | string[]): string {
  const explanation = 'must be an array or string of format "</styles.css>; rel=preload; as=style"';
  const links = typeof hint === 'string' ? [hint] : hint;
  if (!Array.isArray(links)) throw invalidArgValue('hints', hint, explanation);
  for (const link of links) {
    if (typeof link !== 'string' || !LINK.test(link)) throw invalidArgValue('hints', link, explanation);
  }
  return links.join(', ');
}

defineMembers(ServerResponse.prototype, members);
