/**
 * `barewire/http`: exactly node:http's exports, as far as they exist here: the server half. The client half, the
 * Agent among it, is to come.
 */
import type * as nodeHttp from 'node:http';
import { METHODS as ALL_METHODS, STATUS_CODES as ALL_STATUS_CODES } from '../wire/tables.js';
import { maxHeaderSize } from './command-line.js';
import { validateHeaderName, validateHeaderValue } from './header-store.js';
import { IncomingMessage } from './incoming-message.js';
import { OutgoingMessage } from './outgoing-message.js';
import { connectionListener as _connectionListener, Server } from './server.js';
import { ServerResponse } from './server-response.js';

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

export {
  _connectionListener,
  IncomingMessage,
  maxHeaderSize,
  OutgoingMessage,
  Server,
  ServerResponse,
  validateHeaderName,
  validateHeaderValue,
};

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
