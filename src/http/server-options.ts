/** The options of a server: checked, with their defaults, sorted by who uses them. */
import type * as nodeHttp from 'node:http';
import type { ServerOpts, Socket } from 'node:net';
import { getDefaultHighWaterMark } from 'node:stream';
import { invalidArgType, outOfRange } from '../errors.js';
import {
  CONNECTIONS_CHECKING_INTERVAL,
  HEADERS_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  KEEP_ALIVE_TIMEOUT_BUFFER,
  REQUEST_TIMEOUT,
} from '../wire/limits.js';
import type { Leniency } from '../wire/parser.js';
import { ConnectionList } from './connection-list.js';
import { IdleList } from './deadlines.js';
import { type Incoming, IncomingMessage } from './incoming-message.js';
import { type Given, integer, leniencyOf, typed, uniqueHeadersOf } from './option-checks.js';
import type { OutgoingOptions } from './outgoing.js';
import type { HttpServer } from './server.js';
import type { ServerConnection } from './server-connection.js';
import { type Response, ServerResponse } from './server-response.js';

export type HttpServerOptions = nodeHttp.ServerOptions;

/** A request that the server answered itself, and no listener saw. */
export interface Refusal {
  readonly statusCode: number;
  /** Why, in words of ours: nothing in it is the peer's. */
  readonly reason: string;
  /** That of the error, where there is one. */
  readonly code?: string;
  readonly socket: { readonly remoteAddress?: string };
}

/** What a server keeps for itself. */
export interface ServerState {
  readonly IncomingMessage: new (socket: Socket) => Incoming;
  readonly ServerResponse: new (request: Incoming, options: OutgoingOptions) => Response;
  readonly uniqueHeaders: ReadonlySet<string> | null;
  readonly leniency: Leniency;
  readonly optimizeEmptyRequests: boolean;
  readonly connections: ConnectionList<ServerConnection>;
  readonly idleConnections: IdleList;
  checkingTimer: NodeJS.Timeout | null;
  /** Hears of refusals. A listener of 'clientError' would have to answer them. Must not throw. */
  onRefusal: ((refusal: Refusal) => void) | null;
}

export interface CheckedOptions {
  /** For net.Server. */
  readonly net: ServerOpts;
  /** The server's own properties. */
  readonly members: Partial<HttpServer>;
  readonly state: ServerState;
}

function upgradesWhereHeard(this: HttpServer): boolean {
  return this.listenerCount('upgrade') > 0;
}

/**
 * Checks what was given to a server.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE as node:http does
 */
export function checkedOptions(options: HttpServerOptions | null | undefined): CheckedOptions {
  if (options !== undefined && options !== null && (typeof options !== 'object' || Array.isArray(options))) {
    throw invalidArgType('options', 'of type object', options);
  }
  const given = { ...options } as Given;
  const maxHeaderSize = given.maxHeaderSize === undefined ? undefined : integer(given, 'maxHeaderSize', 0);
  const insecureHTTPParser = typed<boolean | undefined>(given, 'insecureHTTPParser', 'boolean', undefined);
  const leniency = leniencyOf(given, insecureHTTPParser);
  const requestTimeout = integer(given, 'requestTimeout', REQUEST_TIMEOUT);
  const headersTimeout = integer(given, 'headersTimeout', Math.min(HEADERS_TIMEOUT, requestTimeout));
  if (requestTimeout > 0 && headersTimeout > requestTimeout) {
    throw outOfRange('headersTimeout', '<= requestTimeout', given.headersTimeout);
  }
  const members = {
    maxHeaderSize,
    insecureHTTPParser,
    httpValidation: given.httpValidation,
    requestTimeout,
    headersTimeout,
    keepAliveTimeout: integer(given, 'keepAliveTimeout', KEEP_ALIVE_TIMEOUT),
    keepAliveTimeoutBuffer: integer(given, 'keepAliveTimeoutBuffer', KEEP_ALIVE_TIMEOUT_BUFFER),
    connectionsCheckingInterval: integer(given, 'connectionsCheckingInterval', CONNECTIONS_CHECKING_INTERVAL),
    requireHostHeader: typed(given, 'requireHostHeader', 'boolean', true),
    joinDuplicateHeaders: typed<boolean | undefined>(given, 'joinDuplicateHeaders', 'boolean', undefined),
    rejectNonStandardBodyWrites: typed(given, 'rejectNonStandardBodyWrites', 'boolean', false),
    shouldUpgradeCallback: typed(given, 'shouldUpgradeCallback', 'function', upgradesWhereHeard),
    httpAllowHalfOpen: false,
    timeout: 0,
    maxHeadersCount: null,
    maxRequestsPerSocket: 0,
  } as unknown as Partial<HttpServer>;

  return {
    // A client may end its side and still be answered.
    net: {
      allowHalfOpen: true,
      noDelay: (given.noDelay as boolean | undefined) ?? true,
      keepAlive: given.keepAlive as boolean | undefined,
      keepAliveInitialDelay: given.keepAliveInitialDelay as number | undefined,
      highWaterMark:
        given.highWaterMark === undefined ? getDefaultHighWaterMark(false) : (given.highWaterMark as number),
      ...(given.pauseOnConnect === undefined ? {} : { pauseOnConnect: given.pauseOnConnect as boolean }),
      ...(given.blockList === undefined ? {} : { blockList: given.blockList as ServerOpts['blockList'] }),
    },
    members,
    state: {
      IncomingMessage: (options?.IncomingMessage ||
        IncomingMessage) as unknown as ServerState['IncomingMessage'],
      ServerResponse: (options?.ServerResponse || ServerResponse) as unknown as ServerState['ServerResponse'],
      uniqueHeaders: uniqueHeadersOf(given.uniqueHeaders),
      leniency,
      optimizeEmptyRequests: typed(given, 'optimizeEmptyRequests', 'boolean', false),
      connections: new ConnectionList(),
      idleConnections: new IdleList(),
      checkingTimer: null,
      onRefusal: null,
    },
  };
}
