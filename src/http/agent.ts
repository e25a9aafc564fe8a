/**
 * Agent: pools of sockets, by the name of where they lead, and the requests that wait for one (node:http `Agent`).
 *
 * ```
 *              addRequest
 *                  |
 *      free socket? --yes--> reuseSocket -> sockets -> the request
 *                  | no
 *      below maxSockets and maxTotalSockets? --yes--> createSocket -> sockets -> the request
 *                  | no
 *              requests (in order)
 *
 *   'free': the next of requests of that name, or else freeSockets, if keepSocketAlive says so
 *   'close': removeSocket; a request that waits gets a new socket in its place
 * ```
 */
import { EventEmitter } from 'node:events';
import type * as nodeHttp from 'node:http';
import { createConnection, type NetConnectOpts, type Socket } from 'node:net';
import { invalidArgType, invalidArgValue, outOfRange } from '../errors.js';
import { AGENT_KEEP_ALIVE_TIMEOUT_BUFFER, KEEP_ALIVE_MSECS, MAX_FREE_SOCKETS } from '../wire/limits.js';
import { nameOf, nameOfRequest, poolName, socketOptions } from './agent-options.js';
import { forget, otherWaiting, type Pools, takeFree } from './agent-pools.js';
import { type AgentSocket, adopt, hearKeylog, keepAliveHint } from './agent-sockets.js';
import type { Request } from './client-request.js';
import { debug, isDebugging } from './diagnostics.js';
import { firstGlobalAgentOptions } from './global-agents.js';
import { defineMembers } from './prototype.js';
import { connectToProxy, type ProxyServer, proxyFromEnv, proxyOf } from './proxy.js';
import type { TunnelSocket } from './proxy-tunnel.js';
import { MAX_TIMER, type RequestOptions } from './request-options.js';
import { allowRetry } from './retry.js';
import { kConnection, kNameOfRequest, kProxy, kRequestOptions, kTunnel } from './symbols.js';

/** Options of an agent with which it connects: the request's and its own. */
export interface SocketOptions extends RequestOptions {
  servername?: string;
  noDelay?: boolean;
  keepAlive?: boolean;
  keepAliveInitialDelay?: number;
  _agentKey?: string;
  encoding?: null;
}

/** The agent with what is kept for ourselves, and the members that libraries reach for. */
export interface Agent extends EventEmitter {
  options: SocketOptions;
  defaultPort: number;
  protocol: string;
  requests: Pools<Request>;
  sockets: Pools<AgentSocket>;
  freeSockets: Pools<AgentSocket>;
  keepAlive: boolean;
  keepAliveMsecs: number;
  agentKeepAliveTimeoutBuffer: number;
  maxSockets: number;
  maxFreeSockets: number;
  maxTotalSockets: number;
  totalSocketCount: number;
  scheduling: 'fifo' | 'lifo';
  retryStaleSockets: boolean;
  createConnection(options: SocketOptions, callback?: OnCreate): Socket | null | undefined;
  createSocket(request: Request, options: SocketOptions, callback: OnCreate): void;
  addRequest(request: Request, options: RequestOptions | string, port?: number, localAddress?: string): void;
  addFreshRequest(request: Request, options: RequestOptions): void;
  removeSocket(socket: AgentSocket, options: SocketOptions): void;
  keepSocketAlive(socket: AgentSocket): boolean;
  reuseSocket(socket: AgentSocket, request: Request): void;
  getName(options?: SocketOptions): string;
  [kNameOfRequest](request: Request, asked: RequestOptions): string;
  destroy(): void;
  /** The proxy for its requests, if there is one. */
  [kProxy]: ProxyServer | null;
}

/** Takes a new socket, or why there is none. */
export type OnCreate = (error: Error | null, socket?: Socket | null) => void;

/** A request that waits for a socket. */
interface WaitingRequest extends Request {
  [kRequestOptions]?: RequestOptions;
}

/** The options of an Agent beyond those of node:http. */
export interface AgentOptions extends nodeHttp.AgentOptions {
  /**
   * Send an idempotent request once more, on a fresh connection, when the pooled one it got turns out to have been
   * closed by the server: nothing of an answer came, and the request was complete when it was sent (RFC 9112 section
   * 9.3.1, RFC 9110 section 9.2.2). Default false, as in node:http: the request fails with ECONNRESET.
   */
  retryStaleSockets?: boolean;
}

/**
 * Keeps sockets for the requests to come, and requests waiting where there are as many sockets as there may be.
 *
 * Emits 'free' (socket, options) when a socket has no request any more, and 'keylog' for TLS sockets.
 * @throws ERR_INVALID_ARG_VALUE, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_PROXY_INVALID_CONFIG
 */
export const Agent = function Agent(this: Agent | undefined, options?: AgentOptions) {
  if (!(this instanceof Agent))
    return new (Agent as unknown as new (options?: AgentOptions) => Agent)(options);
  const self = this as unknown as Agent;
  EventEmitter.call(self);
  // A prototype would lend its own options. Made without one, the object would be a dictionary, in which each request
  // looks for five of them.
  self.options = Object.setPrototypeOf({ ...options }, null);
  const given = self.options as AgentOptions & SocketOptions;
  self.defaultPort = (given.defaultPort as number) || 80;
  self.protocol = given.protocol || 'http:';
  if (given.noDelay === undefined) given.noDelay = true;
  // The path of a request would be taken for a pipe's.
  given.path = null;
  self.requests = Object.create(null);
  self.sockets = Object.create(null);
  self.freeSockets = Object.create(null);
  self.keepAliveMsecs = given.keepAliveMsecs || KEEP_ALIVE_MSECS;
  self.keepAlive = given.keepAlive || false;
  self.maxSockets = given.maxSockets || defaultMaxSockets();
  self.maxFreeSockets = given.maxFreeSockets || MAX_FREE_SOCKETS;
  self.scheduling = given.scheduling || 'lifo';
  self.maxTotalSockets = checkedMaxTotalSockets(given.maxTotalSockets);
  self.totalSocketCount = 0;
  const buffer = given.agentKeepAliveTimeoutBuffer;
  self.agentKeepAliveTimeoutBuffer =
    typeof buffer === 'number' && buffer >= 0 && Number.isFinite(buffer)
      ? buffer
      : AGENT_KEEP_ALIVE_TIMEOUT_BUFFER;
  if (self.scheduling !== 'fifo' && self.scheduling !== 'lifo') {
    throw invalidArgValue('scheduling', self.scheduling, "must be one of: 'fifo', 'lifo'");
  }
  self.retryStaleSockets = given.retryStaleSockets === true;
  self[kProxy] = given.proxyEnv ? proxyFromEnv(given.proxyEnv, self.protocol) : null;
  self.on('free', onFree);
  self.on('newListener', hearKeylog);
  return undefined;
} as unknown as (new (options?: AgentOptions) => Agent) & { defaultMaxSockets: number };

Object.setPrototypeOf(Agent.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Agent, EventEmitter);
Agent.defaultMaxSockets = Number.POSITIVE_INFINITY;

function defaultMaxSockets(): number {
  return Agent.defaultMaxSockets;
}

function checkedMaxTotalSockets(count: unknown): number {
  if (count === undefined) return Number.POSITIVE_INFINITY;
  if (typeof count !== 'number') throw invalidArgType('maxTotalSockets', 'of type number', count);
  if (!(count >= 1)) throw outOfRange('maxTotalSockets', '>= 1', count);
  return count;
}

/** A socket has no request any more: the next one's, or the pool's. */
function onFree(this: Agent, socket: AgentSocket, options: SocketOptions): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const name = poolName(this, options);
  const waiting = this.requests[name];
  if (waiting !== undefined && waiting.length > 0) {
    const request = waiting.shift() as WaitingRequest;
    if (waiting.length === 0) delete this.requests[name];
    if (isDebugging) {
      const { method, path } = request;
      debug('agent: the socket to %s goes to %s %s, which waited', placeOf(options), method, path);
    }
    giveSocket(this, request, socket);
    request[kRequestOptions] = undefined;
    return;
  }
  const request = socket._httpMessage as Request | null | undefined;
  if (!request?.shouldKeepAlive || !this.keepAlive) {
    socket.destroy();
    return;
  }
  const free = this.freeSockets[name] ?? [];
  const count = free.length + (this.sockets[name]?.length ?? 0);
  if (
    this.totalSocketCount > this.maxTotalSockets ||
    count > this.maxSockets ||
    free.length >= this.maxFreeSockets ||
    !this.keepSocketAlive(socket)
  ) {
    socket.destroy();
    return;
  }
  if (isDebugging) debug('agent: keeps a socket to %s', placeOf(options));
  this.freeSockets[name] = free;
  socket._httpMessage = null;
  this.removeSocket(socket, options);
  // A socket that had a request is listened to already.
  if (socket[kConnection] === undefined) socket.once('error', onFreeSocketError);
  free.push(socket);
}

function onFreeSocketError(this: AgentSocket): void {
  this.destroy();
  this.emit('agentRemove');
}

/** It is the request's turn on this socket; what time-out the request has replaces the agent's. */
function giveSocket(agent: Agent, request: Request, socket: AgentSocket): void {
  request.onSocket(socket);
  const agentTimeout = agent.options.timeout || 0;
  if (request.timeout === undefined || request.timeout === agentTimeout) return;
  socket.setTimeout(request.timeout);
}

const members: ThisType<Agent> & Record<string | symbol, unknown> = {
  createConnection(options: SocketOptions, callback?: () => void) {
    const proxy = this.protocol === 'http:' ? proxyOf(this, options) : null;
    if (proxy === null) return createConnection(options as unknown as NetConnectOpts, callback);
    return connectToProxy(proxy, options);
  },

  /** The name of the pool for sockets with these options: "host:port:localAddress[:family][:socketPath]". */
  getName(options: SocketOptions = {}) {
    return nameOf(options.host, options.port, options.localAddress, options.family, options.socketPath);
  },

  /** The name of the pool for this request. Most find a free socket, by its name alone. */
  [kNameOfRequest](request: Request, asked: RequestOptions) {
    if (this.getName === members.getName) return nameOfRequest(this.options, asked);
    return this.getName(socketOptions(this, request, asked));
  },

  /** Finds or makes a socket for the request, or has it wait. The form with port and address is a legacy. */
  addRequest(request: Request, given: RequestOptions | string, port?: number, localAddress?: string) {
    const asked = typeof given === 'string' ? { host: given, port, localAddress } : given;
    const name = this[kNameOfRequest](request, asked as RequestOptions);
    this.sockets[name] ??= [];
    const socket = takeFree(this, name);
    if (socket !== undefined) {
      if (isDebugging) debug('agent: uses a kept socket to %s', placeOf(asked as RequestOptions));
      this.reuseSocket(socket, request);
      if (this.retryStaleSockets) {
        allowRetry(request, this, socketOptions(this, request, asked as RequestOptions));
      }
      giveSocket(this, request, socket);
      (this.sockets[name] ??= []).push(socket);
      return;
    }
    // None is free.
    connectOrWait(this, request, asked as RequestOptions, name, this.sockets[name]?.length ?? 0);
  },

  /** As addRequest, but never on a socket that was used before. */
  addFreshRequest(request: Request, options: SocketOptions) {
    const name = this.getName(options);
    const count = (this.sockets[name]?.length ?? 0) + (this.freeSockets[name]?.length ?? 0);
    connectOrWait(this, request, options, name, count);
  },

  /** Connects, and calls back with a socket of this agent's. */
  createSocket(request: Request, given: SocketOptions, callback: OnCreate) {
    const options = socketOptions(this, request, given);
    const name = this.getName(options);
    options._agentKey = name;
    options.encoding = null;
    if (this.keepAlive) {
      options.keepAlive = this.keepAlive;
      options.keepAliveInitialDelay = this.keepAliveMsecs;
    }
    if (isDebugging) debug('agent: connects to %s', placeOf(options));
    let isCalled = false;
    const onCreate: OnCreate = (error, socket) => {
      if (isCalled) return;
      isCalled = true;
      if (error) {
        callback(error);
        return;
      }
      (this.sockets[name] ??= []).push(socket as AgentSocket);
      this.totalSocketCount++;
      adopt(this, socket as AgentSocket, options);
      callback(null, socket);
    };
    // A tunnel may take as long as the request.
    if (this[kProxy] && request.timeout) options.timeout = request.timeout;
    const socket: TunnelSocket | null | undefined = this.createConnection(options, onCreate);
    if (socket?.[kTunnel]) awaitTunnel(request, socket);
    else if (socket) onCreate(null, socket);
  },

  /** Forgets a socket; a request that waits for one gets a new one in its place. */
  removeSocket(socket: AgentSocket, options: SocketOptions) {
    const name = poolName(this, options);
    forget(this.sockets, name, socket);
    // One that is at its end is not to be found among the free ones either.
    if (!socket.writable) forget(this.freeSockets, name, socket);
    const waiting = this.requests[name]?.length ? name : otherWaiting(this);
    if (waiting === undefined) return;
    const request = (this.requests[waiting] as WaitingRequest[])[0];
    const asked = request[kRequestOptions] ?? options;
    request[kRequestOptions] = undefined;
    this.createSocket(request, socketOptions(this, request, asked), (error, created) => {
      if (error) {
        forget(this.requests, waiting, request);
        request.onSocket(null, error);
      } else {
        (created as AgentSocket).emit('free');
      }
    });
  },

  /**
   * Called when a socket becomes free: shall it be kept? By default it stays open with TCP keep-alive, does not hold
   * the process, and is closed before the server announced to close it.
   */
  keepSocketAlive(socket: AgentSocket) {
    socket.setKeepAlive(true, this.keepAliveMsecs);
    socket.unref();
    let timeout = this.options.timeout || 0;
    const hint = keepAliveHint(socket);
    if (hint !== undefined) {
      const milliseconds = hint * 1000 - this.agentKeepAliveTimeoutBuffer;
      // The server is about to close it, or has already.
      if (milliseconds <= 0) return false;
      if (milliseconds <= MAX_TIMER && (timeout === 0 || milliseconds < timeout)) timeout = milliseconds;
    }
    if (socket.timeout !== timeout) socket.setTimeout(timeout);
    return true;
  },

  /** Called when a kept socket is given to a request. */
  reuseSocket(socket: AgentSocket, request: Request) {
    if (socket[kConnection] === undefined) socket.removeListener('error', onFreeSocketError);
    request.reusedSocket = true;
    socket.ref();
  },

  /** Destroys all sockets, in use or not. */
  destroy() {
    for (const pool of [this.freeSockets, this.sockets]) {
      for (const name of Object.keys(pool)) {
        for (const socket of (pool[name] as AgentSocket[]).slice()) socket.destroy();
      }
    }
  },
};

defineMembers(Agent.prototype, members);

/** A new socket for the request, or its place in the queue. `count`: the sockets there are of that name. */
function connectOrWait(
  agent: Agent,
  request: WaitingRequest,
  asked: RequestOptions,
  name: string,
  count: number,
): void {
  if (count < agent.maxSockets && agent.totalSocketCount < agent.maxTotalSockets) {
    agent.createSocket(request, socketOptions(agent, request, asked), (error, socket) => {
      // A request that was destroyed knows why its tunnel was.
      if (error) request.onSocket(null, request.destroyed && request[kTunnel] ? null : error);
      else giveSocket(agent, request, socket as AgentSocket);
    });
    return;
  }
  if (isDebugging) debug('agent: no socket for %s %s yet, it waits', request.method, request.path);
  request[kRequestOptions] = asked;
  (agent.requests[name] ??= []).push(request);
}

/** Where a socket leads, for people. The name of its pool has keys and certificates in it. */
function placeOf({ socketPath, host, port }: RequestOptions): string {
  return socketPath ? String(socketPath) : `${host}:${port}`;
}

/** Until the request has a socket, the one to the proxy ends and times out for it. */
function awaitTunnel(request: Request, socket: TunnelSocket): void {
  request[kTunnel] = socket;
  socket.on('timeout', () => {
    if (request.socket === null && !request.destroyed) request.emit('timeout');
  });
}

let currentDefault: Agent | null = null;

/** The agent of requests that name none: keeps sockets, for 5 seconds. */
export function defaultAgent(): Agent {
  currentDefault ??= new Agent(firstGlobalAgentOptions('http:'));
  return currentDefault;
}

/** Replaces it, for the requests to come. */
export function setDefaultAgent(agent: Agent): void {
  currentDefault = agent;
}
