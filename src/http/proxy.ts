/**
 * Which proxy the requests of an agent go through: the `proxyEnv` option, read as node:http reads it.
 *
 * `http_proxy` and `https_proxy` name the proxy for requests of either scheme, `no_proxy` the hosts that are asked
 * directly. The names in small letters come before those in capitals. What is no http: or https: URL is no proxy.
 */
import { Buffer } from 'node:buffer';
import { createConnection, isIPv4, isIPv6, type Socket } from 'node:net';
import { domainToASCII } from 'node:url';
import { invalidArgType, invalidArgValue, invalidProxyConfig, socketBadPort } from '../errors.js';
import { isHost } from '../wire/grammar.js';
import { process } from './process.js';
import { kProxy } from './symbols.js';

/** A proxy, and when to use it. */
export interface ProxyServer {
  /** Its URL without credentials, for messages. */
  readonly shown: string;
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  /** The value of Proxy-Authorization, where the URL has credentials. */
  readonly authorization: string | undefined;
  /** Entries of NO_PROXY. */
  readonly exceptions: readonly string[];
}

/** What decides on the proxy, of an agent. Agents of others have no kProxy, and do what they want. */
interface ProxyingAgent {
  readonly [kProxy]?: ProxyServer | null;
  readonly options?: Target;
}

/** Where a request is to go. */
interface Target {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly socketPath?: string;
}

/** How a connection to a proxy is made; the rest of an agent's options is meant for the server behind it. */
export interface ProxyConnectOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly timeout?: number;
}

type Env = Readonly<Record<string, unknown>>;

/** Messages end in logs, where a password has no business: everything up to the last "@" is left out. */
function withoutCredentials(url: string): string {
  return url.replace(/\/\/.*@/s, '//');
}

function variable(env: Env, name: string): string | undefined {
  const lower = name.toLowerCase();
  const key = env[lower] ? lower : name;
  const value = env[key];
  if (!value) return undefined;
  if (typeof value !== 'string') throw invalidArgType(`options.proxyEnv.${key}`, 'of type string', value);
  return value;
}

/** The URL of the proxy for `protocol` as the environment has it, checked or not. @throws ERR_INVALID_ARG_TYPE */
export function proxyUrl(env: Env, protocol: string): string | undefined {
  return variable(env, protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
}

/** @throws ERR_PROXY_INVALID_CONFIG where the text is no URL at all */
export function checkProxyUrl(text: string): void {
  if (!URL.canParse(text)) throw invalidProxyConfig(withoutCredentials(text));
}

/**
 * The proxy that `env` names for requests of `protocol`; null where it names none.
 * @throws ERR_PROXY_INVALID_CONFIG, ERR_INVALID_ARG_TYPE, URIError for credentials that cannot be decoded
 */
export function proxyFromEnv(env: Env, protocol: string): ProxyServer | null {
  const text = proxyUrl(env, protocol);
  if (text === undefined) return null;
  // The URL parser would take line ends out without a word.
  if (/[\r\n]/.test(text)) throw invalidProxyConfig(`Invalid proxy URL: ${withoutCredentials(text)}`);
  if (!text.startsWith('http://') && !text.startsWith('https://')) return null;
  if (!URL.canParse(text)) throw invalidProxyConfig(`Invalid proxy URL: ${withoutCredentials(text)}`);
  const url = new URL(text);
  const isSecure = url.protocol === 'https:';
  let authorization: string | undefined;
  let shown = text;
  if (url.username || url.password) {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.username = url.password = '';
    shown = url.href;
  }
  return {
    shown,
    isSecure,
    host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: Number(url.port) || (isSecure ? 443 : 80),
    authorization,
    exceptions: exceptionsOf(variable(env, 'NO_PROXY')),
  };
}

function exceptionsOf(list: string | undefined): string[] {
  if (list === undefined) return [];
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
}

function addressNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** Is the host within "10.0.0.1-10.0.0.9"? */
function isInRange(entry: string, host: string): boolean {
  const [from, to] = entry.split('-', 2).map((address) => address.trim());
  if (to === undefined || !isIPv4(from) || !isIPv4(to) || !isIPv4(host)) return false;
  const number = addressNumber(host);
  return number >= addressNumber(from) && number <= addressNumber(to);
}

/** Does the entry of NO_PROXY mean this host? The forms are listed in docs/proxy.md. */
function isMeant(entry: string, host: string, port: unknown): boolean {
  if (entry === '*' || entry === host || entry === `${host}:${port}`) return true;
  if (entry.startsWith('.')) return host.endsWith(entry) || host === entry.slice(1);
  if (entry.startsWith('*.')) return host.endsWith(entry.slice(1));
  return isInRange(entry, host);
}

/** The proxy through which this agent reaches `target`; null where it goes there directly. */
export function proxyOf(agent: ProxyingAgent, target: Target): ProxyServer | null {
  const proxy = agent[kProxy];
  if (proxy === undefined || proxy === null) return null;
  // What an agent is told goes before what a request says, as it does when it connects.
  const own = agent.options;
  if (own?.socketPath || target.socketPath) return null;
  const host = (own?.host || target.host || 'localhost').toLowerCase();
  const port = own?.port || target.port;
  return proxy.exceptions.some((entry) => isMeant(entry, host, port)) ? null : proxy;
}

/** Connects to the proxy. A proxy reached with TLS is one the system trusts: options for the server do not count. */
export function connectToProxy(proxy: ProxyServer, given: ProxyConnectOptions): Socket {
  const { host, port } = proxy;
  const options = {
    host,
    port,
    noDelay: given.noDelay,
    keepAlive: given.keepAlive,
    keepAliveInitialDelay: given.keepAliveInitialDelay,
    timeout: given.timeout,
  };
  if (!proxy.isSecure) return createConnection(options);
  // Who needs no TLS shall not wait for it to be loaded.
  return process.getBuiltinModule('node:tls').connect(options);
}

/** @throws ERR_SOCKET_BAD_PORT */
export function checkedPort(port: unknown): number {
  const isNumeric = typeof port === 'number' || (typeof port === 'string' && port.trim() !== '');
  const number = isNumeric ? Number(port) : Number.NaN;
  if (!Number.isInteger(number) || number < 0 || number > 65535) throw socketBadPort('options.port', port);
  return number;
}

/**
 * The host as it may stand in a request-target, in ASCII, with brackets around an IPv6 address. Anything that is more
 * than a host is refused: a proxy would be asked for another one than the agent's pools, NO_PROXY and the check of
 * the certificate are about.
 * @throws ERR_INVALID_ARG_VALUE
 */
export function uriHost(host: string): string {
  if (isIPv6(host)) return `[${host}]`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
  const ascii = /^[\x00-\x7f]*$/.test(host) ? host : domainToASCII(host);
  const isBare = ascii.startsWith('[') ? ascii.endsWith(']') : !ascii.includes(':');
  if (ascii === '' || !isBare || !isHost(ascii)) {
    throw invalidArgValue('options.host', host, 'must be a host name or an address');
  }
  return ascii;
}
