/** Agent of node:https: TLS sockets, pooled by all that makes one connection differ from another in trust. */
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { MAX_CACHED_SESSIONS } from '../wire/limits.js';
import { type AgentOptions, Agent as HttpAgent, type OnCreate, type SocketOptions } from './agent.js';
import { nameOfRequest, socketOptions } from './agent-options.js';
import type { AgentSocket } from './agent-sockets.js';
import type { Request } from './client-request.js';
import { defineMembers } from './prototype.js';
import { proxyOf } from './proxy.js';
import { openTunnel, type TunnelOptions } from './proxy-tunnel.js';
import type { RequestOptions } from './request-options.js';
import { kAgent, kIdentityCheck, kNameOfRequest } from './symbols.js';

// Not imported: that makes every export, among them all the root certificates.
const tls = process.getBuiltinModule('node:tls');

const kLastName = Symbol('barewire.lastName');

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
  [kLastName]: LastName | null;
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
  self[kLastName] = null;
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
  // One that is none is for `tls.connect` to refuse, which a pooled socket would never come to.
  if (check === undefined || check === tls.checkServerIdentity) return options;
  if (agent.options.checkServerIdentity !== undefined) return options;
  return { ...options, [kIdentityCheck]: ++identityChecks } as RequestOptions;
}

/** How options are written into a name. */
type Format = (value: unknown) => string;

const ifGiven: Format = (value) => (value ? String(value) : '');

/** For those whose false, or 0, says something too. */
const ifDefined: Format = (value) => (value === undefined ? '' : String(value));

const pfxFormat: Format = (pfx) =>
  Array.isArray(pfx) ? pfx.map((one) => `:${one.buf ?? one}:${one.passphrase}`).join('') : ifGiven(pfx);

const sigalgsFormat: Format = (sigalgs) => (sigalgs ? JSON.stringify(sigalgs) : '');

/** What makes one connection differ from another in trust, in the order of the name. */
const NAMED_OPTIONS: readonly (readonly [name: string, format: Format])[] = [
  ['ca', ifGiven],
  ['cert', ifGiven],
  ['clientCertEngine', ifGiven],
  ['ciphers', ifGiven],
  ['key', ifGiven],
  ['pfx', pfxFormat],
  ['rejectUnauthorized', ifDefined],
  ['servername', ifGiven],
  ['minVersion', ifGiven],
  ['maxVersion', ifGiven],
  ['secureProtocol', ifGiven],
  ['crl', ifGiven],
  ['honorCipherOrder', ifDefined],
  ['ecdhCurve', ifGiven],
  ['dhparam', ifGiven],
  ['secureOptions', ifDefined],
  ['sessionIdContext', ifGiven],
  ['sigalgs', sigalgsFormat],
  ['privateKeyIdentifier', ifGiven],
  ['privateKeyEngine', ifGiven],
];

const contextNumbers = new WeakMap<object, number>();
let contexts = 0;

const contextFormat: Format = (context) => {
  if (context === null || typeof context !== 'object') return '';
  let number = contextNumbers.get(context);
  if (number === undefined) {
    number = ++contexts;
    contextNumbers.set(context, number);
  }
  return `context ${number}`;
};

/** What decides on trust too, and is not in node:https's names: appended where it is given. */
const APPENDED_OPTIONS: readonly (readonly [name: string, format: Format])[] = [
  ['secureContext', contextFormat],
  ['allowPartialTrustChain', (value) => (value ? 'partial' : '')],
];

const TRUST_OPTIONS = [...NAMED_OPTIONS, ...APPENDED_OPTIONS];

/** The name of the last request of an agent, and what it was made of. */
interface LastName {
  readonly name: string;
  /** http's part of it. */
  readonly place: string;
  readonly hostField: unknown;
  /** Of the agent's options, those that are in TRUST_OPTIONS. */
  readonly values: readonly unknown[];
}

type Named = Record<string, unknown>;

function isAskedFor(asked: Named): boolean {
  for (const [name] of TRUST_OPTIONS) if (asked[name] !== undefined) return true;
  return false;
}

function hasValues(options: Named, values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) if (options[TRUST_OPTIONS[i][0]] !== values[i]) return false;
  return true;
}

/** Connects with TLS, resuming the session of an earlier connection of this name. */
function speakTls(agent: HttpsAgent, given: SecureOptions): TLSSocket {
  let options = given;
  const key = options[kIdentityCheck] === undefined ? options._agentKey : undefined;
  if (key === undefined) return tls.connect(options);
  const session = agent._getSession(key);
  if (session !== undefined) options = { session, ...options };
  const socket = tls.connect(options);
  socket.on('session', (created: Buffer) => agent._cacheSession(key, created));
  // A session that fails would fail again.
  socket.once('close', (hadError: boolean) => {
    if (hadError) agent._evictSession(key);
  });
  return socket;
}

const members: ThisType<HttpsAgent> & Record<string | symbol, unknown> = {
  /** Connects with TLS, through a tunnel where there is a proxy for it. */
  createConnection(...args: unknown[]) {
    const options = connectionOptions(args[0], args[1], args[2]);
    const proxy = proxyOf(this, options);
    if (proxy === null) return speakTls(this, options);
    const callback = (args.find((arg) => typeof arg === 'function') ?? (() => {})) as OnCreate;
    const isKept = this.keepAlive || Number.isFinite(this.maxSockets);
    return openTunnel(
      proxy,
      options as TunnelOptions,
      isKept,
      (socket) => speakTls(this, { ...options, socket }),
      callback,
    );
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
    let name = HttpAgent.prototype.getName.call(this, options);
    for (const [option, format] of NAMED_OPTIONS) {
      const value = (options as Named)[option];
      // The server is named by its host already.
      name += option === 'servername' && value === options.host ? ':' : `:${format(value)}`;
    }
    for (const [option, format] of APPENDED_OPTIONS) {
      const value = (options as Named)[option];
      if (value) name += `:${format(value)}`;
    }
    const identityCheck = options[kIdentityCheck];
    return identityCheck === undefined ? name : `${name}:${identityCheck}`;
  },

  /** Names are long, certificates among them, and nearly all requests of an agent have the same. */
  [kNameOfRequest](request: Request, asked: SecureOptions) {
    const options = this.options as SecureOptions & Named;
    const isUsual = asked[kIdentityCheck] === undefined && request.method !== 'CONNECT';
    if (this.getName !== members.getName || !isUsual || isAskedFor(asked as Named)) {
      return this.getName(socketOptions(this, request, asked));
    }
    const place = nameOfRequest(options, asked);
    const hostField = request.getHeader('host');
    const last = this[kLastName];
    if (last?.place === place && last.hostField === hostField && hasValues(options, last.values)) {
      return last.name;
    }
    const name = this.getName(socketOptions(this, request, asked));
    const values = TRUST_OPTIONS.map(([option]) => options[option]);
    // Lists may change and stay the same list.
    this[kLastName] = values.some(Array.isArray) ? null : { name, place, hostField, values };
    return name;
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
