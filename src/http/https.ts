/** `barewire/https`: exactly node:https's exports. */
import type * as nodeHttp from 'node:http';
import type * as nodeHttps from 'node:https';
import { Server as ServerClass } from './https-server.js';

/**
 * Makes a Server.
 * @param options See `https.ServerOptions`; or the request listener.
 * @param requestListener Added to 'request'.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE for options, and what `tls.Server` throws
 */
export const createServer = function createServer(options?: unknown, requestListener?: unknown) {
  return new ServerClass(options as nodeHttps.ServerOptions, requestListener as never);
} as typeof nodeHttps.createServer;

// The types of node:https, under its names.
export type Server<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttps.Server<Request, Response>;
export type ServerOptions<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttps.ServerOptions<Request, Response>;

export const Server = ServerClass;

/** As `import https from 'node:https'` has it. */
export default { Server, createServer };
