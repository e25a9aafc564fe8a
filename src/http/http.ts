/** node:http's exports, but for those of the platform that are costly to load; `barewire/http` has them too. */
import type * as nodeHttp from 'node:http';
import { METHODS as ALL_METHODS, STATUS_CODES as ALL_STATUS_CODES } from '../wire/tables.js';
import {
  Agent as AgentClass,
  defaultAgent,
  type AgentOptions as OwnAgentOptions,
  setDefaultAgent,
} from './agent.js';
import { ClientRequest as ClientRequestClass } from './client-request.js';
import { maxHeaderSize } from './command-line.js';
import {
  globalAgentOptions,
  registerGlobalAgent,
  setGlobalProxyFromEnv as setGlobalProxy,
} from './global-agents.js';
import { validateHeaderName, validateHeaderValue } from './header-store.js';
import { IncomingMessage as IncomingMessageClass } from './incoming-message.js';
import { checkedInteger } from './option-checks.js';
import { OutgoingMessage as OutgoingMessageClass } from './outgoing-message.js';
import type { PlatformClass } from './platform-classes.js';
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

/**
 * Makes a request; `end` sends it.
 * @param input A URL, as a string or an object, or the options.
 * @param options See `http.RequestOptions`; they win over the URL. Or the callback.
 * @param callback Listens to 'response', once.
 * @throws as ClientRequest
 */
export const request = function request(input?: unknown, options?: unknown, callback?: unknown) {
  return new ClientRequest(input as string, options as nodeHttp.RequestOptions, callback as never);
} as typeof nodeHttp.request;

/** As `request` with method GET, and ended. @throws as ClientRequest */
export const get = function get(input?: unknown, options?: unknown, callback?: unknown) {
  const made = new ClientRequest(input as string, options as nodeHttp.RequestOptions, callback as never);
  made.end();
  return made;
} as typeof nodeHttp.get;

/**
 * Sets how many idle parsers may be kept for connections to come. A parser here is a few small objects, which are
 * made with their connection and go with it; kept for another they would have to be emptied without fail, and making
 * them costs nothing that can be measured. So none is kept, whatever the number.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export const setMaxIdleHTTPParsers: typeof nodeHttp.setMaxIdleHTTPParsers = function setMaxIdleHTTPParsers(
  max,
) {
  checkedInteger('max', max, 1);
};

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
export type ClientRequest = nodeHttp.ClientRequest;
export type Agent = nodeHttp.Agent;
/** node:http's, and `retryStaleSockets`. */
export type AgentOptions = OwnAgentOptions;
export type ClientRequestArgs = nodeHttp.ClientRequestArgs;
export type RequestOptions = nodeHttp.RequestOptions;
export type IncomingHttpHeaders = nodeHttp.IncomingHttpHeaders;
export type OutgoingHttpHeaders = nodeHttp.OutgoingHttpHeaders;
export type OutgoingHttpHeader = nodeHttp.OutgoingHttpHeader;
export type InformationEvent = nodeHttp.InformationEvent;

export const Agent = AgentClass as unknown as typeof nodeHttp.Agent &
  (new (
    options?: AgentOptions,
  ) => nodeHttp.Agent);
export const ClientRequest = ClientRequestClass as typeof nodeHttp.ClientRequest &
  (new (
    input: string | URL | nodeHttp.RequestOptions,
    options?: nodeHttp.RequestOptions | ((response: nodeHttp.IncomingMessage) => void),
    callback?: (response: nodeHttp.IncomingMessage) => void,
  ) => nodeHttp.ClientRequest);
export const IncomingMessage = IncomingMessageClass;
export const OutgoingMessage = OutgoingMessageClass;
export const Server = ServerClass;
export const ServerResponse = ServerResponseClass;

/** The agent of requests that name none. Set it on the default export to have another. */
export let globalAgent = defaultAgent() as unknown as nodeHttp.Agent;

function setGlobalAgent(agent: nodeHttp.Agent): void {
  globalAgent = agent;
  setDefaultAgent(agent as unknown as Parameters<typeof setDefaultAgent>[0]);
}

registerGlobalAgent('http:', {
  get: () => globalAgent,
  set: setGlobalAgent,
  make: (proxyEnv) => new AgentClass(globalAgentOptions(proxyEnv)),
});

// Not in the words of node:http's types, which have it from Node 24 on.
export const setGlobalProxyFromEnv = setGlobalProxy;

export { _connectionListener, maxHeaderSize, validateHeaderName, validateHeaderValue };

/** As `import http from 'node:http'` has it. */
const http = {
  _connectionListener,
  METHODS,
  STATUS_CODES,
  Agent,
  ClientRequest,
  IncomingMessage,
  OutgoingMessage,
  Server,
  ServerResponse,
  createServer,
  request,
  get,
  setGlobalProxyFromEnv,
  setMaxIdleHTTPParsers,
  validateHeaderName,
  validateHeaderValue,
  maxHeaderSize,
  // The platform's own, as node:http hands them on; Node loads them when they are first asked for, which takes time.
  get WebSocket(): PlatformClass<'WebSocket'> {
    return globalThis.WebSocket;
  },
  get CloseEvent(): PlatformClass<'CloseEvent'> {
    return globalThis.CloseEvent;
  },
  get MessageEvent(): PlatformClass<'MessageEvent'> {
    return globalThis.MessageEvent;
  },
  get globalAgent(): nodeHttp.Agent {
    return globalAgent;
  },
  set globalAgent(agent: nodeHttp.Agent) {
    setGlobalAgent(agent);
  },
};

declare namespace http {
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
  export type ClientRequest = nodeHttp.ClientRequest;
  export type Agent = nodeHttp.Agent;
  /** node:http's, and `retryStaleSockets`. */
  export type AgentOptions = OwnAgentOptions;
  export type ClientRequestArgs = nodeHttp.ClientRequestArgs;
  export type RequestOptions = nodeHttp.RequestOptions;
  export type IncomingHttpHeaders = nodeHttp.IncomingHttpHeaders;
  export type OutgoingHttpHeaders = nodeHttp.OutgoingHttpHeaders;
  export type OutgoingHttpHeader = nodeHttp.OutgoingHttpHeader;
  export type InformationEvent = nodeHttp.InformationEvent;
}

// Where TypeScript compiles `import http from 'barewire/http'` to `require`, it may ask for `default`.
Object.defineProperty(http, 'default', { value: http });

export default http;
