/** The servers of node:http and node:https: what both are made of, but for what they listen to. */
import { captureRejectionSymbol } from 'node:events';
import type { ServerResponse as NodeResponse, Server as NodeServer, RequestListener } from 'node:http';
import { Server as NetServer } from 'node:net';
import { STATUS_CODES } from '../wire/tables.js';
import { clearInterval, currentTime, setInterval } from './clock.js';
import type { ConnectionSocket } from './connection.js';
import { debug, isDebugging } from './diagnostics.js';
import { process } from './process.js';
import { defineMembers } from './prototype.js';
import type { HttpServer } from './server.js';
import { ServerConnection } from './server-connection.js';
import type { CheckedOptions } from './server-options.js';
import type { Response } from './server-response.js';
import { kConnection, kServer } from './symbols.js';

/** Serves HTTP on a socket, or on any Duplex: what the server does with every 'connection'. */
export function connectionListener(this: HttpServer, socket: ConnectionSocket): void {
  (socket as { server: unknown }).server = this;
  if (isDebugging) debug('server: a connection from %s:%s', socket.remoteAddress, socket.remotePort);
  const connection = new ServerConnection(this, socket);
  this[kServer].connections.add(connection);
  if (this.timeout && typeof socket.setTimeout === 'function') socket.setTimeout(this.timeout);
}

/** Gives a server its properties, once `net.Server` or `tls.Server` has made it one. */
export function initServer(
  server: HttpServer,
  { members, state }: CheckedOptions,
  listener: RequestListener | null | undefined,
): void {
  Object.assign(server, members);
  server[kServer] = state;
  if (listener) server.on('request', listener);
  server.on('listening', startChecking);
}

/** Looks after slow requests from now on: a listener for 'listening'. */
export function startChecking(this: HttpServer): void {
  stopChecking.call(this);
  this[kServer].checkingTimer = setInterval(checkConnections, this.connectionsCheckingInterval, this);
  this[kServer].checkingTimer.unref();
}

/** Looks after them no more. */
export function stopChecking(this: HttpServer): void {
  const { checkingTimer } = this[kServer];
  if (checkingTimer !== null) clearInterval(checkingTimer);
  this[kServer].checkingTimer = null;
}

/** Ends the requests whose header section or whole took too long. */
function checkConnections(server: HttpServer): void {
  const { headersTimeout, requestTimeout } = server;
  // A server that was closed times out the requests it still has.
  if (!server.listening && server[kServer].connections.size === 0) stopChecking.call(server);
  if (headersTimeout === 0 && requestTimeout === 0) return;
  const now = currentTime();
  for (const connection of server[kServer].connections) {
    const startedAt = connection.messageStartedAt;
    if (startedAt === 0) continue;
    const elapsed = now - startedAt;
    const isHeadLate = headersTimeout > 0 && elapsed >= headersTimeout && !connection.isHeadComplete;
    if (isHeadLate || (requestTimeout > 0 && elapsed >= requestTimeout)) connection.onRequestTimeout();
  }
}

/** What every server has; one set of functions for both, as in Node. */
const members: ThisType<HttpServer> & Record<string | symbol, unknown> = {
  /** Closes the idle connections and stops accepting; the callback is called when the last connection ended. */
  close(callback?: (error?: Error) => void) {
    this.closeIdleConnections();
    if (this[kServer].connections.size === 0) stopChecking.call(this);
    NetServer.prototype.close.call(this as unknown as NetServer, callback);
    return this;
  },

  /** Closes every connection, whatever it is doing. */
  closeAllConnections() {
    for (const { socket } of this[kServer].connections) socket.destroy();
  },

  /** Closes the connections that neither send a request nor wait for a response. */
  closeIdleConnections() {
    for (const connection of this[kServer].connections) connection.closeIfIdle();
  },

  /** The inactivity time-out of sockets, in milliseconds; 0, the default: none. The callback listens to 'timeout'. */
  setTimeout(milliseconds: number, callback?: (socket: ConnectionSocket) => void) {
    this.timeout = milliseconds;
    if (callback) this.on('timeout', callback as never);
    return this;
  },

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    const { promisify } = process.getBuiltinModule('node:util');
    await promisify(this.close).call(this as never);
  },
};

/** A request listener's promise was rejected (`captureRejections`): 500, or the end where it is too late. */
function answerRejection(response: Response): void {
  if (response.headersSent || response.writableEnded) {
    response.destroy();
    return;
  }
  // What was to go with the answer that failed does not go with this one.
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusCode = 500;
  response.end(STATUS_CODES[500]);
}

/** Makes a Server constructor inherit from what it is built on, and puts the members of every server on it. */
export function defineServer(server: { prototype: object }, parent: { prototype: object }): void {
  const { prototype } = server;
  Object.setPrototypeOf(server, parent);
  Object.setPrototypeOf(prototype, parent.prototype);
  defineMembers(prototype, {
    ...members,
    [captureRejectionSymbol](this: HttpServer, error: Error, event: string, ...args: unknown[]) {
      if (event === 'request') answerRejection(args[1] as Response);
      else Reflect.get(parent.prototype, captureRejectionSymbol).call(this, error, event, ...args);
    },
  });
}

/** Has every connection tell its client, with the next head that is sent on it, that it ends there. */
export function announceClose(server: NodeServer): void {
  for (const connection of (server as unknown as HttpServer)[kServer].connections) connection.announceClose();
}

/** The same for the connection of one response. */
export function announceCloseBehind(response: NodeResponse): void {
  const connection = (response as unknown as Response)[kConnection];
  if (connection instanceof ServerConnection) connection.announceClose();
  // Another server's: it keeps to this word of node:http's.
  else response.shouldKeepAlive = false;
}
