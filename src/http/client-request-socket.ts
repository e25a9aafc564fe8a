/** How a request gets its socket, and what becomes of it where it gets none. */
import type * as nodeHttp from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { finished } from 'node:stream';
import { connectionReset, PREMATURE_CLOSE } from '../errors.js';
import { ClientConnection } from './client-connection.js';
import { closeRequest, emitError } from './client-exchange.js';
import type { Request } from './client-request.js';
import type { ConnectionSocket } from './connection.js';
import { process } from './process.js';
import { emitSocket } from './request-events.js';
import type { RequestOptions } from './request-options.js';
import { keepForRetry } from './retry.js';
import { kConnection, kErrored, kParsing, kScope } from './symbols.js';

/** Has the agent find a socket, or else connects. */
export function connectRequest(request: Request, given: RequestOptions): void {
  const { agent } = request;
  if (agent !== undefined) {
    agent.addRequest(request, given);
    return;
  }
  request._last = true;
  request.shouldKeepAlive = false;
  // To net, a path is a pipe's.
  const options: RequestOptions = { ...given, path: given.socketPath };
  if (typeof options.createConnection !== 'function') {
    request.onSocket(connect(options as unknown as NetConnectOpts));
    return;
  }
  let isCalled = false;
  const onCreate = (error: Error | null, socket?: Socket | null) => {
    if (isCalled) return;
    isCalled = true;
    if (error) process.nextTick(emitError, request, error);
    else request.onSocket(socket as Socket);
  };
  try {
    const socket = options.createConnection(options as nodeHttp.ClientRequestArgs, onCreate as never);
    if (socket) onCreate(null, socket as Socket);
  } catch (error) {
    onCreate(error as Error);
  }
}

/** The request fails before it ever had a socket. */
function failUnsent(request: Request, error: Error | null | undefined): void {
  request.destroyed = true;
  // Whoever aborted it knows.
  const reason = error ?? (request.aborted ? null : connectionReset('socket hang up'));
  if (reason !== null) emitError(request, reason);
  closeRequest(request);
}

/** It is the request's turn, or there is no socket for it: told in its own context. */
export function onSocketTick(request: Request, socket: ConnectionSocket | null, error?: Error | null): void {
  request[kScope].runInAsyncScope(takeSocket, null, request, socket, error);
}

/** The request has a socket, or fails for want of one. */
export function takeSocket(request: Request, socket: ConnectionSocket | null, given?: Error | null): void {
  const error = given ?? errorSoFar(socket);
  if (!request.destroyed && !error) {
    begin(request, socket as ConnectionSocket);
    return;
  }
  const reason = error ?? request[kErrored];
  if (!socket) {
    failUnsent(request, reason);
  } else if (!error && request.agent && !socket.destroyed) {
    // It was destroyed while it waited: the socket is good for another, and who keeps it looks whose it was.
    socket._httpMessage = request;
    socket.emit('free');
    failUnsent(request, reason);
  } else {
    finished(socket.destroy(reason ?? undefined), (closeError) => {
      failUnsent(request, reason ?? (closeError?.code === PREMATURE_CLOSE ? null : closeError));
    });
  }
}

/** A new socket may fail before its request takes it, where nothing but this listens yet. */
export function expectError(socket: ConnectionSocket): void {
  if (socket[kConnection] === undefined) socket.on('error', keepError);
}

/** What a new socket has said since. An error that it has still to say is for who takes it. */
function errorSoFar(socket: NewSocket | null): Error | null {
  if (!socket || socket[kConnection] !== undefined) return null;
  socket.removeListener('error', keepError);
  return socket[kEarlyError] ?? null;
}

const kEarlyError = Symbol('barewire.earlyError');

/** A socket that nobody has taken yet. */
interface NewSocket extends ConnectionSocket {
  [kEarlyError]?: Error;
}

function keepError(this: NewSocket, error: Error): void {
  this[kEarlyError] ??= error;
}

function begin(request: Request, socket: ConnectionSocket): void {
  let connection = socket[kConnection];
  if (!(connection instanceof ClientConnection)) {
    connection = new ClientConnection(socket, request[kParsing]);
  }
  (connection as ClientConnection).begin(request);
  keepForRetry(request);
  if (request.timeoutCb !== null) socket.once('timeout', request.timeoutCb);
  else if (request.timeout !== undefined || request.agent?.options?.timeout) hearTimeout(request);
  emitSocket(request, socket);
  request._flush();
}

/** From now on a time-out of the socket is one of the request, once. */
export function hearTimeout(request: Request): void {
  if (request.timeoutCb !== null) return;
  request.timeoutCb = onSocketTimeout;
  request.socket?.once('timeout', onSocketTimeout);
}

function onSocketTimeout(this: ConnectionSocket): void {
  (this._httpMessage as Request | null)?.emit('timeout');
}

/** Sets the socket's time-out, once it is connected. */
export function setSocketTimeout(socket: Socket, milliseconds: number): void {
  // The time to connect does not count.
  if (socket.connecting) socket.once('connect', () => socket.setTimeout(milliseconds));
  else socket.setTimeout(milliseconds);
}
