/** Server: events, connections, close (node:http `Server`). */
import { captureRejectionSymbol } from 'node:events';
import type * as nodeHttp from 'node:http';
import { Server as NetServer } from 'node:net';
import { promisify } from 'node:util';
import { STATUS_CODES } from '../wire/tables.js';
import type { ConnectionSocket } from './connection.js';
import type { Incoming } from './incoming-message.js';
import { defineMembers } from './prototype.js';
import { ServerConnection } from './server-connection.js';
import { checkedOptions, type HttpServerOptions, type ServerState } from './server-options.js';
import type { Response } from './server-response.js';
import { kServer } from './symbols.js';

/** The server with what is kept for ourselves. */
export interface HttpServer extends Omit<nodeHttp.Server, 'emit'> {
  emit(event: string, ...args: unknown[]): boolean;
  insecureHTTPParser: boolean | undefined;
  joinDuplicateHeaders: boolean | undefined;
  requireHostHeader: boolean;
  rejectNonStandardBodyWrites: boolean;
  connectionsCheckingInterval: number;
  httpAllowHalfOpen: boolean;
  keepAliveTimeoutBuffer: number;
  shouldUpgradeCallback: (request: Incoming) => boolean;
  [kServer]: ServerState;
}

type RequestListener = nodeHttp.RequestListener;

/**
 * An HTTP/1.1 server over `net.Server`. Callable without `new`.
 *
 * Emits, besides net.Server's events: 'request' (req, res); 'checkContinue' and 'checkExpectation' (req, res) for
 * requests with Expect; 'upgrade' and 'connect' (req, socket, head); 'clientError' (error, socket) for what cannot
 * be read, with `code`, `bytesParsed` and `rawPacket`; 'dropRequest' (req, socket) beyond `maxRequestsPerSocket`;
 * 'timeout' (socket).
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE for options
 */
export const Server = function Server(
  this: HttpServer | undefined,
  optionsArgument?: HttpServerOptions | RequestListener | null,
  listenerArgument?: RequestListener,
) {
  if (!(this instanceof (Server as unknown as typeof nodeHttp.Server))) {
    return new (Server as unknown as typeof nodeHttp.Server)(
      optionsArgument as HttpServerOptions,
      listenerArgument,
    );
  }
  const self = this as HttpServer;
  const listener = typeof optionsArgument === 'function' ? optionsArgument : listenerArgument;
  const options = checkedOptions(typeof optionsArgument === 'function' ? undefined : optionsArgument);
  (NetServer as unknown as (this: unknown, options: object) => void).call(self, options.net);
  Object.assign(self, options.members);
  self[kServer] = options.state;
  if (listener) self.on('request', listener);
  self.on('connection', connectionListener as never);
  self.on('listening', startChecking);
  return self;
} as unknown as typeof nodeHttp.Server;

Object.setPrototypeOf(Server.prototype, NetServer.prototype);
Object.setPrototypeOf(Server, NetServer);

/** Serves HTTP on a socket, or on any Duplex: what the server does with every 'connection'. */
export function connectionListener(this: HttpServer, socket: ConnectionSocket): void {
  (socket as { server: unknown }).server = this;
  const connection = new ServerConnection(this, socket);
  this[kServer].connections.add(connection);
  if (this.timeout && typeof socket.setTimeout === 'function') socket.setTimeout(this.timeout);
}

function startChecking(this: HttpServer): void {
  stopChecking.call(this);
  this[kServer].checkingTimer = setInterval(checkConnections, this.connectionsCheckingInterval, this);
  this[kServer].checkingTimer.unref();
}

function stopChecking(this: HttpServer): void {
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
  const now = performance.now();
  for (const connection of server[kServer].connections) {
    const startedAt = connection.messageStartedAt;
    if (startedAt === 0) continue;
    const elapsed = now - startedAt;
    const isHeadLate = headersTimeout > 0 && elapsed >= headersTimeout && !connection.isHeadComplete;
    if (isHeadLate || (requestTimeout > 0 && elapsed >= requestTimeout)) connection.onRequestTimeout();
  }
}

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
    for (const connection of this[kServer].connections) {
      if (connection.isIdle) connection.socket.destroy();
    }
  },

  /** The inactivity time-out of sockets, in milliseconds; 0, the default: none. The callback listens to 'timeout'. */
  setTimeout(milliseconds: number, callback?: (socket: ConnectionSocket) => void) {
    this.timeout = milliseconds;
    if (callback) this.on('timeout', callback as never);
    return this;
  },

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await promisify(this.close).call(this as never);
  },

  /** A request listener's promise was rejected (`captureRejections`): 500, or the end where it is too late. */
  [captureRejectionSymbol](error: Error, event: string, ...args: unknown[]) {
    if (event !== 'request') {
      const inherited = (NetServer.prototype as unknown as Record<symbol, (...args: unknown[]) => void>)[
        captureRejectionSymbol
      ];
      inherited.call(this, error, event, ...args);
      return;
    }
    const response = args[1] as Response;
    if (response.headersSent || response.writableEnded) {
      response.destroy();
      return;
    }
    // What was to go with the answer that failed does not go with this one.
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusCode = 500;
    response.end(STATUS_CODES[500]);
  },
};

defineMembers(Server.prototype, members);
