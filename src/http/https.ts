/** `barewire/https`: exactly node:https's exports. */
import type * as nodeHttp from 'node:http';
import type * as nodeHttps from 'node:https';
import { ClientRequest } from './client-request.js';
import { firstGlobalAgentOptions, globalAgentOptions, registerGlobalAgent } from './global-agents.js';
import { Agent as AgentClass, type HttpsAgentOptions } from './https-agent.js';
import { Server as ServerClass } from './https-server.js';
import { isUrl, requestOptions } from './request-options.js';

/**
 * Makes a Server.
 * @param options See `https.ServerOptions`; or the request listener.
 * @param requestListener Added to 'request'.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE for options, and what `tls.Server` throws
 */
export const createServer = function createServer(options?: unknown, requestListener?: unknown) {
  return new ServerClass(options as nodeHttps.ServerOptions, requestListener as never);
} as typeof nodeHttps.createServer;

/**
 * Its frame stands in the stack of every request. agent-base, which is below `https-proxy-agent` and its kin, takes a
 * request for one over TLS where it finds the file of node:https among the frames.
 */
const frame = {
  'node:https:request'(options: unknown, callback: unknown) {
    return new ClientRequest(options as nodeHttp.RequestOptions, callback as never);
  },
};

/** What stands behind the options. Nothing in their place is taken for it, unlike in `http.request`. */
function callbackBehind(input: unknown, second: unknown, third: unknown): unknown {
  const [options, callback] = typeof input === 'string' || isUrl(input) ? [second, third] : [input, second];
  return options && typeof options !== 'function' ? callback : options;
}

/**
 * Makes a request over TLS; `end` sends it.
 * @param input A URL, as a string or an object, or the options.
 * @param second See `https.RequestOptions`; they win over the URL. Or the callback.
 * @param third Listens to 'response', once.
 * @throws as ClientRequest
 */
export const request = function request(input: unknown, second?: unknown, third?: unknown) {
  const options = requestOptions(input, second);
  options._defaultAgent = globalAgent as unknown as typeof options._defaultAgent;
  return frame['node:https:request'](options, callbackBehind(input, second, third));
} as typeof nodeHttps.request;

/** As `request` with method GET, and ended. @throws as ClientRequest */
export const get = function get(input?: unknown, options?: unknown, callback?: unknown) {
  const made = request(input as string, options as nodeHttps.RequestOptions, callback as never);
  made.end();
  return made;
} as typeof nodeHttps.get;

// The types of node:https, under its names.
export type Server<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttps.Server<Request, Response>;
export type ServerOptions<
  Request extends typeof nodeHttp.IncomingMessage = typeof nodeHttp.IncomingMessage,
  Response extends typeof nodeHttp.ServerResponse<InstanceType<Request>> = typeof nodeHttp.ServerResponse,
> = nodeHttps.ServerOptions<Request, Response>;
export type Agent = nodeHttps.Agent;
/** node:https's, and `retryStaleSockets`. */
export type AgentOptions = HttpsAgentOptions;
export type RequestOptions = nodeHttps.RequestOptions;

export const Server = ServerClass;
export const Agent = AgentClass as unknown as typeof nodeHttps.Agent &
  (new (
    options?: AgentOptions,
  ) => nodeHttps.Agent);

/** The agent of requests that name none. Set it on the default export to have another. */
export let globalAgent: nodeHttps.Agent = new Agent(firstGlobalAgentOptions('https:'));

registerGlobalAgent('https:', {
  get: () => globalAgent,
  set(agent: nodeHttps.Agent) {
    globalAgent = agent;
  },
  make: (proxyEnv) => new Agent(globalAgentOptions(proxyEnv)),
});

/** As `import https from 'node:https'` has it. */
const https = {
  Agent,
  Server,
  createServer,
  get,
  request,
  get globalAgent(): nodeHttps.Agent {
    return globalAgent;
  },
  set globalAgent(agent: nodeHttps.Agent) {
    globalAgent = agent;
  },
};

// As in `barewire/http`.
Object.defineProperty(https, 'default', { value: https });

export default https;
/** @internal As in `barewire/http`. */
export { https as 'module.exports' };
