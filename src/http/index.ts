/**
 * `barewire/http`: exactly node:http's exports, as far as they exist here: the server half. The client half, the
 * Agent among it, is to come.
 */
import type * as nodeHttp from 'node:http';
import { METHODS as ALL_METHODS, STATUS_CODES as ALL_STATUS_CODES } from '../wire/tables.js';
import { maxHeaderSize } from './command-line.js';
import { validateHeaderName, validateHeaderValue } from './header-store.js';
import { IncomingMessage as IncomingMessageClass } from './incoming-message.js';
import { OutgoingMessage as OutgoingMessageClass } from './outgoing-message.js';
import { Server as ServerClass } from './server.js';
import { connectionListener as _connectionListener } from './server-members.js';
import { ServerResponse as ServerResponseClass } from './server-response.js';

/** The request methods that are read. */
export const METHODS: string[] = [...ALL_METHODS];

/** Reason phrases by status code. */
export const STATUS_CODES = ALL_STATUS_CODES as typeof nodeHttp.STATUS_CODES;

/**
 * Makes a Server.
 * @param options See `http.ServerOptions`; or the request listener.
 * @param requestListener Added to 'request'.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE for options
 */
export const createServer = function createServer(options?: unknown, requestListener?: unknown) {
  return new Server(options as nodeHttp.ServerOptions, requestListener as nodeHttp.RequestListener);
} as typeof nodeHttp.createServer;

// The types of the classes, as node:http has them.
export type IncomingMessage = nodeHttp.IncomingMessage;
export type OutgoingMessage<Request extends nodeHttp.IncomingMessage = nodeHttp.IncomingMessage> =
  nodeHttp.OutgoingMessage<Request>;
export type ServerResponse<Request extends nodeHttp.IncomingMessage = nodeHttp.IncomingMessage> =
  nodeHttp.ServerResponse<Request>;
export type Server<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttp.Server<Request, Response>;
export type ServerOptions<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttp.ServerOptions<Request, Response>;
export type RequestListener<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttp.RequestListener<Request, Response>;
export type IncomingHttpHeaders = nodeHttp.IncomingHttpHeaders;
export type OutgoingHttpHeaders = nodeHttp.OutgoingHttpHeaders;
export type OutgoingHttpHeader = nodeHttp.OutgoingHttpHeader;
export type InformationEvent = nodeHttp.InformationEvent;

export const IncomingMessage = IncomingMessageClass;
export const OutgoingMessage = OutgoingMessageClass;
export const Server = ServerClass;
export const ServerResponse = ServerResponseClass;

export { _connectionListener, maxHeaderSize, validateHeaderName, validateHeaderValue };

/** As `import http from 'node:http'` has it. */
export default {
  _connectionListener,
  METHODS,
  STATUS_CODES,
  IncomingMessage,
  OutgoingMessage,
  Server,
  ServerResponse,
  createServer,
  validateHeaderName,
  validateHeaderValue,
  maxHeaderSize,
};
