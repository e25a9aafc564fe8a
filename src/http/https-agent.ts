/** Agent of node:https: TLS sockets, pooled by all that makes one connection differ from another in trust. */
import { type ConnectionOptions, checkServerIdentity, connect } from 'node:tls';
import { MAX_CACHED_SESSIONS } from '../wire/limits.js';
import { type AgentOptions, type AgentSocket, Agent as HttpAgent, type SocketOptions } from './agent.js';
import type { Request } from './client-request.js';
import { defineMembers } from './prototype.js';
import type { RequestOptions } from './request-options.js';
import { kAgent, kIdentityCheck } from './symbols.js';

/** Options of an https Agent: of http's, of `tls.connect`, and how many sessions to keep. */
export interface HttpsAgentOptions extends AgentOptions, Omit<ConnectionOptions, keyof AgentOptions> {
  maxCachedSessions?: number;
}

type SecureOptions = SocketOptions & ConnectionOptions & { [kIdentityCheck]?: number };

interface SessionCache {
  /** By the name of the pool. */
  map: Record<string, Buffer>;
  /** The names, the oldest first. */
  list: string[];
}

/** The agent with what is kept for ourselves. */
export interface HttpsAgent extends HttpAgent {
  options: SecureOptions;
  maxCachedSessions: number;
  _sessionCache: SessionCache;
  _getSession(key: string): Buffer | undefined;
  _cacheSession(key: string, session: Buffer): void;
  _evictSession(key: string): void;
}

/**
 * An agent whose sockets speak TLS. Remembers the last sessions, so that a new connection to where there was one is
 * resumed.
 * @throws as http.Agent
 */
export const Agent = function Agent(this: HttpsAgent | undefined, options?: HttpsAgentOptions) {
  if (!(this instanceof Agent)) {
    return new (Agent as unknown as new (options?: HttpsAgentOptions) => HttpsAgent)(options);
  }
  const self = this as unknown as HttpsAgent;
  const given = Object.assign(Object.create(null), options) as HttpsAgentOptions;
  given.defaultPort ??= 443;
  given.protocol ??= 'https:';
  (HttpAgent as unknown as (this: HttpsAgent, options: HttpsAgentOptions) => void).call(self, given);
  self.maxCachedSessions = given.maxCachedSessions ?? MAX_CACHED_SESSIONS;
  self._sessionCache = { map: Object.create(null), list: [] };
  return undefined;
} as unknown as new (
  options?: HttpsAgentOptions,
) => HttpsAgent;

Object.setPrototypeOf(Agent.prototype, HttpAgent.prototype);
Object.setPrototypeOf(Agent, HttpAgent);

/** One argument's worth of options from the forms of `tls.connect`: (options), (port, options), (port, host, options). */
function connectionOptions(port: unknown, host: unknown, options: unknown): SecureOptions {
  const isObject = (value: unknown) => value !== null && typeof value === 'object';
  let merged: SecureOptions = {};
  if (isObject(port)) merged = port as SecureOptions;
  else if (isObject(host)) merged = { ...(host as SecureOptions) };
  else if (isObject(options)) merged = { ...(options as SecureOptions) };
  if (typeof port === 'number') merged.port = port;
  if (typeof host === 'string') merged.host = host;
  return merged;
}

/** Counts the requests that check the server's identity in a way of their own. */
let identityChecks = 0;

/**
 * A request with a check of its own must not get a socket that passed somebody else's, nor leave its socket to others:
 * it is marked, and the mark is part of the name. What the agent itself checks with is the same for all its sockets.
 */
function marked(agent: HttpsAgent, options: SecureOptions): RequestOptions {
  const check = options.checkServerIdentity;
  if (typeof check !== 'function' || check === checkServerIdentity) return options;
  if (agent.options.checkServerIdentity !== undefined) return options;
  return { ...options, [kIdentityCheck]: ++identityChecks } as RequestOptions;
}

/** An option as a part of the name. */
function part(value: unknown): string {
  return value ? `:${value}` : ':';
}

/** As `part`, of an option whose false, or 0, says something too. */
function definedPart(value: unknown): string {
  return value === undefined ? ':' : `:${value}`;
}

function pfxPart(pfx: unknown): string {
  if (!Array.isArray(pfx)) return part(pfx);
  const parts = pfx.map((one) => `:${one.buf ?? one}:${one.passphrase}`);
  return `:${parts.join('')}`;
}

const members: ThisType<HttpsAgent> & Record<string, unknown> = {
  /** Connects with TLS, resuming the session of an earlier connection of this name. */
  createConnection(...args: unknown[]) {
    let options = connectionOptions(args[0], args[1], args[2]);
    const key = options[kIdentityCheck] === undefined ? options._agentKey : undefined;
    if (key === undefined) return connect(options);
    const session = this._getSession(key);
    if (session !== undefined) options = { session, ...options };
    const socket = connect(options);
    socket.on('session', (created: Buffer) => this._cacheSession(key, created));
    // A session that fails would fail again.
    socket.once('close', (hadError: boolean) => {
      if (hadError) this._evictSession(key);
    });
    return socket;
  },

  addRequest(request: Request, given: RequestOptions | string, port?: number, localAddress?: string) {
    const options = typeof given === 'string' ? given : marked(this, given as SecureOptions);
    HttpAgent.prototype.addRequest.call(this, request, options, port, localAddress);
  },

  keepSocketAlive(socket: AgentSocket) {
    const options = socket[kAgent]?.options as SecureOptions | undefined;
    if (options?.[kIdentityCheck] !== undefined) return false;
    return HttpAgent.prototype.keepSocketAlive.call(this, socket);
  },

  /** http's name, and everything on which it depends whom a connection trusts, and how it is encrypted. */
  getName(options: SecureOptions = {} as SecureOptions) {
    const own = options as SecureOptions & Record<string, unknown>;
    return (
      HttpAgent.prototype.getName.call(this, options) +
      part(own.ca) +
      part(own.cert) +
      part(own.clientCertEngine) +
      part(own.ciphers) +
      part(own.key) +
      pfxPart(own.pfx) +
      definedPart(own.rejectUnauthorized) +
      (own.servername && own.servername !== own.host ? part(own.servername) : ':') +
      part(own.minVersion) +
      part(own.maxVersion) +
      part(own.secureProtocol) +
      part(own.crl) +
      definedPart(own.honorCipherOrder) +
      part(own.ecdhCurve) +
      part(own.dhparam) +
      definedPart(own.secureOptions) +
      part(own.sessionIdContext) +
      (own.sigalgs ? `:${JSON.stringify(own.sigalgs)}` : ':') +
      part(own.privateKeyIdentifier) +
      part(own.privateKeyEngine) +
      (own[kIdentityCheck] === undefined ? '' : `:${own[kIdentityCheck]}`)
    );
  },

  _getSession(key: string) {
    return this._sessionCache.map[key];
  },

  _cacheSession(key: string, session: Buffer) {
    const { map, list } = this._sessionCache;
    if (this.maxCachedSessions === 0) return;
    if (map[key] === undefined) {
      if (list.length >= this.maxCachedSessions) delete map[list.shift() as string];
      list.push(key);
    }
    map[key] = session;
  },

  _evictSession(key: string) {
    const { map, list } = this._sessionCache;
    const index = list.indexOf(key);
    if (index === -1) return;
    list.splice(index, 1);
    delete map[key];
  },
};

defineMembers(Agent.prototype, members);
