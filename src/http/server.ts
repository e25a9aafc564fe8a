/** The server of node:http, over `net.Server`. */
import type * as nodeHttp from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Incoming } from './incoming-message.js';
import { connectionListener, defineServer, initServer } from './server-members.js';
import { checkedOptions, type HttpServerOptions, type ServerState } from './server-options.js';
import type { kServer } from './symbols.js';

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
  initServer(self, options, listener);
  self.on('connection', connectionListener as never);
  return self;
} as unknown as typeof nodeHttp.Server;

defineServer(Server, NetServer);
