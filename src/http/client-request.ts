/** ClientRequest: a request of a client, from its options to its end (node:http `ClientRequest`). */
import { AsyncResource } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { headersSent, invalidArgType } from '../errors.js';
import { requestLine } from '../wire/serializer.js';
import { type Agent, defaultAgent } from './agent.js';
import type { IncomingResponse } from './client-exchange.js';
import {
  connectRequest,
  expectError,
  hearTimeout,
  onSocketTick,
  setSocketTimeout,
  takeSocket,
} from './client-request-socket.js';
import type { ConnectionSocket } from './connection.js';
import { clientRequestCreated, clientRequestStart } from './diagnostics.js';
import type { HeaderValue } from './header-store.js';
import { uniqueHeadersOf } from './option-checks.js';
import type { HeadersArgument, Outgoing } from './outgoing.js';
import { OutgoingMessage } from './outgoing-message.js';
import { type BegunEntry, beginClientEntry, isObserved } from './performance-entries.js';
import { process } from './process.js';
import { defineAccessor, defineMembers } from './prototype.js';
import { type ProxyServer, proxyOf } from './proxy.js';
import { addProxyFields, aimAtProxy, aimListAtProxy } from './proxy-request.js';
import { hearResponse } from './request-events.js';
import {
  agentOf,
  callbackOf,
  checkedPath,
  checkProtocol,
  connectOptions,
  hostField,
  hostOf,
  methodOf,
  type RequestOptions,
  type ResponseParsing,
  requestOptions,
  responseParsing,
  timerDuration,
} from './request-options.js';
import type { Retry } from './retry.js';
import {
  kAuthority,
  kBegunEntry,
  kErrored,
  kHighWaterMark,
  kIsMade,
  kParsing,
  kPath,
  kRetry,
  kScope,
  kStore,
  kTunnel,
  kUniqueHeaders,
  kUnsentEnd,
} from './symbols.js';

/** The request with what is kept for ourselves, and the members that libraries reach for. */
export interface Request extends Outgoing {
  agent: Agent | undefined;
  method: string;
  path: string;
  host: string;
  protocol: string;
  socketPath: string | undefined;
  timeout: number | undefined;
  maxHeaderSize: number | undefined;
  insecureHTTPParser: boolean | undefined;
  httpValidation: unknown;
  joinDuplicateHeaders: boolean | undefined;
  maxHeadersCount: number | null;
  reusedSocket: boolean;
  aborted: boolean;
  upgradeOrConnect: boolean;
  parser: unknown;
  res: IncomingResponse | null;
  /** The response's stream has ended. */
  _ended: boolean;
  /** Set while 'timeout' of the socket is one of the request. */
  timeoutCb: ((this: ConnectionSocket) => void) | null;
  onSocket(socket: Socket | null, error?: Error | null): void;
  destroy(error?: Error): Request;
  setTimeout(milliseconds: number, callback?: () => void): Request;
  _deferToConnect(method: string | null, args: unknown[], callback?: () => void): void;
  [kPath]: string;
  /** Host and port as in a URL; null where the path is the whole URL, for a proxy. */
  [kAuthority]: string | null;
  /** The performance entry of its exchange, while it is observed. */
  [kBegunEntry]?: BegunEntry;
  [kParsing]: ResponseParsing;
  [kRetry]: Retry | null;
  /** The constructor has returned. */
  [kIsMade]: boolean;
  /** The socket to the proxy through which a tunnel is being made for it. */
  [kTunnel]?: Socket;
  /** The context in which the request was made: its events come in it. */
  [kScope]: AsyncResource;
}

/** Methods whose requests have no content, as a rule: none is announced until there is some. */
const WITHOUT_CONTENT = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

/**
 * A request. Made by `request` and `get`; it is sent when an agent, or `createConnection`, has a socket for it.
 *
 * Emits 'socket', 'response', 'information', 'continue', 'connect', 'upgrade', 'timeout', 'abort', 'finish',
 * 'drain', 'error' (a socket that closed too soon: ECONNRESET 'socket hang up'), 'close'.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_URL, ERR_INVALID_PROTOCOL, ERR_UNESCAPED_CHARACTERS,
 *   ERR_INVALID_HTTP_TOKEN, ERR_OUT_OF_RANGE, and as `setHeader`
 */
export const ClientRequest = function ClientRequest(
  this: Request,
  input: unknown,
  second?: unknown,
  third?: (response: nodeHttp.IncomingMessage) => void,
) {
  (OutgoingMessage as unknown as (this: Request) => void).call(this);
  const options = requestOptions(input, second);
  if (options.highWaterMark !== undefined) this[kHighWaterMark] = options.highWaterMark;
  const callback = callbackOf(input, second, third);
  const fallback = options._defaultAgent ?? defaultAgent();
  const agent = agentOf(options, fallback);
  this.agent = agent;
  const protocol = options.protocol || fallback.protocol;
  const path = options.path ? checkedPath(options.path) : '/';
  checkProtocol(protocol, agent?.protocol || fallback.protocol);
  const defaultPort = options.defaultPort || agent?.defaultPort;
  const port = options.port || defaultPort || 80;
  options.port = port;
  const host = hostOf(options);
  options.host = host;
  this.timeout = options.timeout === undefined ? undefined : timerDuration(options.timeout, 'timeout');
  if (options.signal) addAbortSignal(options.signal, this as unknown as nodeHttp.ClientRequest);
  this.method = methodOf(options);
  const parsing = responseParsing(options);
  this[kParsing] = parsing;
  this.maxHeaderSize = parsing.maxHeaderSize;
  this.insecureHTTPParser = parsing.insecureHTTPParser;
  this.httpValidation = parsing.httpValidation;
  this.joinDuplicateHeaders = parsing.joinDuplicateHeaders;
  this.socketPath = options.socketPath;
  this[kPath] = path;
  // One that is no function is refused here.
  if (callback) hearResponse(this, callback);
  if (WITHOUT_CONTENT.has(this.method)) this.useChunkedEncodingByDefault = false;
  this._ended = false;
  this.res = null;
  this.aborted = false;
  this.timeoutCb = null;
  this.upgradeOrConnect = false;
  this.parser = null;
  this.maxHeadersCount = null;
  this.reusedSocket = false;
  this.host = host;
  this.protocol = protocol;
  this[kUnsentEnd] = null;
  this[kRetry] = null;
  this[kScope] = new AsyncResource('HTTPCLIENTREQUEST');
  // Without an agent that keeps sockets, this request is the last of its connection.
  const isKept = agent !== undefined && (agent.keepAlive || Number.isFinite(agent.maxSockets));
  this._last = !isKept;
  this.shouldKeepAlive = isKept;
  this[kUniqueHeaders] = uniqueHeadersOf(options.uniqueHeaders);
  if (options.setDefaultHeaders === false) {
    this._removedConnection = true;
    this._removedContLen = true;
    this._removedTE = true;
  }
  const proxy = agent !== undefined && protocol === 'http:' ? proxyOf(agent, options) : null;
  const authority = hostField(host, port, defaultPort);
  this[kAuthority] = proxy === null ? authority : null;
  setHeaders(this, options, host, port, authority, proxy);
  if (clientRequestCreated.hasSubscribers) clientRequestCreated.publish({ request: this });
  this[kIsMade] = false;
  connectRequest(this, connectOptions(options));
  this[kIsMade] = true;
} as unknown as typeof nodeHttp.ClientRequest;

Object.setPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ClientRequest, OutgoingMessage);

/** The headers of the options, and Host and Authorization where they are to be added. */
function setHeaders(
  request: Request,
  options: RequestOptions,
  host: string,
  port: unknown,
  authority: string,
  proxy: ProxyServer | null,
): void {
  const { headers } = options;
  if (Array.isArray(headers)) {
    if (proxy !== null && request.method !== 'CONNECT') aimListAtProxy(request, host, port, headers);
    // A list goes out as it is: nothing is added to it.
    request._storeHeader(requestLine(request.method, request.path), headers as HeadersArgument);
    return;
  }
  if (headers) {
    const { host } = headers as { host?: unknown };
    if (Array.isArray(host)) throw invalidArgType('options.headers.host', 'of type string', host);
    for (const name of Object.keys(headers)) {
      request.setHeader(name, (headers as Record<string, HeaderValue>)[name]);
    }
  }
  const setsHost =
    options.setHost !== undefined ? Boolean(options.setHost) : options.setDefaultHeaders !== false;
  // CONNECT is for the proxy itself, whatever it is sent through.
  if (proxy !== null && request.method !== 'CONNECT') aimAtProxy(request, host, port, setsHost);
  else if (setsHost && !request[kStore]?.get('host')) {
    // CONNECT is for the host in its target, not for the proxy it is sent to (RFC 9110 section 7.2).
    const isConnect = request.method === 'CONNECT' && options.path;
    request.setHeader('Host', isConnect ? request.path : authority);
  }
  if (options.auth && !request[kStore]?.get('authorization')) {
    request.setHeader('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
  }
  if (proxy !== null) addProxyFields(request, proxy);
  if (request[kStore]?.get('expect')) {
    if (request._header) throw headersSent('render');
    request._storeHeader(requestLine(request.method, request.path));
  }
}

/** Is what the caller writes behind the head meant for another protocol? */
function changesProtocol(request: Request): boolean {
  return request.method === 'CONNECT' || request[kStore]?.has('upgrade') === true;
}

const members: ThisType<Request> & Record<string, unknown> = {
  _finish() {
    (OutgoingMessage.prototype as unknown as Outgoing)._finish.call(this);
    if (isObserved) beginClientEntry(this);
    if (clientRequestStart.hasSubscribers) clientRequestStart.publish({ request: this });
  },

  _implicitHeader(length = 0) {
    if (this._header) throw headersSent('render');
    // Content nobody would expect with this method is framed all the same: unframed, it would be read as the
    // next request (RFC 9112 section 6.3).
    if (length > 0 && !changesProtocol(this)) this.useChunkedEncodingByDefault = true;
    this._storeHeader(requestLine(this.method, this.path));
  },

  /** Ends the request at once: 'abort', and an error if no response came. Deprecated: use `destroy`. */
  abort() {
    if (this.aborted) return;
    this.aborted = true;
    process.nextTick(emitAbort, this);
    this.destroy();
  },

  /** Ends the request and its socket; without an error given it fails with ECONNRESET 'socket hang up'. */
  destroy(error?: Error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    // The rest of a response is nobody's.
    this.res?._dump();
    // All was sent, and all received: the end of the response ends the exchange. An error would come too late.
    const { res } = this;
    if (res?.complete && this.writableFinished) {
      // Who listens for 'readable' keeps the rest from flowing: it would not end.
      if (res.listenerCount('readable') > 0) while (res.read() !== null);
      return this;
    }
    this[kErrored] = error;
    (this.socket ?? this[kTunnel])?.destroy(error);
    return this;
  },

  /** Gives the request its socket, or the error that kept it from having one. Called by agents. */
  onSocket(socket: ConnectionSocket | null, error?: Error | null) {
    if (socket) expectError(socket);
    // Most get it while they are made, in their own context.
    process.nextTick(this[kIsMade] ? onSocketTick : takeSocket, this, socket, error);
  },

  _deferToConnect(method: string | null, args: unknown[], callback?: () => void) {
    const call = () => {
      const socket = this.socket as unknown as Record<string, (...args: unknown[]) => void>;
      if (method) socket[method](...args);
      if (typeof callback === 'function') callback();
    };
    const onSocket = () => {
      const socket = this.socket as Socket;
      if (socket.writable) call();
      else socket.once('connect', call);
    };
    if (!this.socket) this.once('socket', onSocket);
    else onSocket();
  },

  /** Calls `socket.setTimeout` once it is connected; the listener is one for 'timeout'. @throws as the option */
  setTimeout(milliseconds: number, callback?: () => void) {
    if (this._ended) return this;
    hearTimeout(this);
    const duration = timerDuration(milliseconds, 'msecs');
    if (callback) this.once('timeout', callback);
    if (this.socket) setSocketTimeout(this.socket, duration);
    else this.once('socket', (socket: Socket) => setSocketTimeout(socket, duration));
    return this;
  },

  setNoDelay(noDelay?: boolean) {
    this._deferToConnect('setNoDelay', [noDelay]);
  },

  setSocketKeepAlive(enable?: boolean, initialDelay?: number) {
    this._deferToConnect('setKeepAlive', [enable, initialDelay]);
  },

  clearTimeout(callback?: () => void) {
    this.setTimeout(0, callback);
  },
};

defineMembers(ClientRequest.prototype, members);

/** The request-target. @throws ERR_UNESCAPED_CHARACTERS */
defineAccessor(
  ClientRequest.prototype,
  'path',
  function (this: Request) {
    return this[kPath];
  },
  function (this: Request, path: unknown) {
    this[kPath] = checkedPath(path);
  },
);

function emitAbort(request: Request): void {
  request.emit('abort');
}
