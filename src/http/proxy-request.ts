/**
 * A request of http: through a proxy: its request-target in absolute-form (RFC 9112 section 3.2.2), its Host made to
 * say the same, and the fields that are for the proxy.
 *
 * Proxy and server must not read two hosts from one request: where path or Host name another authority than the
 * options do, nothing is sent.
 */
import { invalidArgValue } from '../errors.js';
import type { Request } from './client-request.js';
import { checkedPort, type ProxyServer, uriHost } from './proxy.js';
import { kPath } from './symbols.js';

const ABSOLUTE_OR_ORIGIN = 'must be in absolute-form or start with /';

/** The root of the server that the options name. @throws ERR_INVALID_ARG_VALUE, ERR_SOCKET_BAD_PORT, ERR_INVALID_URL */
function rootUrl(host: string, port: unknown): URL {
  const url = new URL(`http://${uriHost(host)}`);
  url.port = String(checkedPort(port));
  return url;
}

/** @throws ERR_INVALID_ARG_VALUE */
function targetOf(path: string, root: URL, method: string): string {
  if (path === '*' && method === 'OPTIONS') return path;
  if (path.startsWith('/')) return new URL(root.origin + path).href;
  if (!URL.canParse(path)) throw invalidArgValue('options.path', path, ABSOLUTE_OR_ORIGIN);
  const url = new URL(path);
  if (url.username || url.password) {
    url.username = url.password = '';
    throw invalidArgValue('options.path', url.href, 'must not contain userinfo, use options.auth instead');
  }
  if (url.protocol !== 'http:') {
    const reason = 'must use http: scheme when specified as an absolute URL';
    throw invalidArgValue('options.path', url.protocol, reason);
  }
  if (url.host !== root.host) {
    throw invalidArgValue('options.path', url, `must match the request authority (${root.host})`);
  }
  return url.href;
}

function mismatch(root: URL, value: unknown) {
  return invalidArgValue('Host in options.headers', value, `must match the request authority (${root.host})`);
}

/** Is the value of a Host field another spelling of this authority? */
function isSameAuthority(value: unknown, root: URL): boolean {
  const text = String(value);
  if (!/^[^\s/?#@\\]+\/?$/.test(text) || !URL.canParse(`http://${text}`)) return false;
  return new URL(`http://${text}`).host === root.host;
}

/**
 * Rewrites the request-target for the proxy, and Host.
 * @param setsHost Is Host to be added where the caller has set none?
 * @throws ERR_INVALID_ARG_VALUE, ERR_SOCKET_BAD_PORT, ERR_INVALID_URL
 */
export function aimAtProxy(request: Request, host: string, port: unknown, setsHost: boolean): void {
  const own = request.getHeader('host');
  const root = rootUrl(host, port);
  if (own !== undefined && !isSameAuthority(own, root)) throw mismatch(root, own);
  request[kPath] = targetOf(request[kPath], root, request.method);
  if (own === undefined ? setsHost : own !== root.host) request.setHeader('Host', root.host);
}

/** As `aimAtProxy`, for headers that go out as the caller listed them: a Host that is not right is refused. */
export function aimListAtProxy(
  request: Request,
  host: string,
  port: unknown,
  list: readonly unknown[],
): void {
  const root = rootUrl(host, port);
  const names = Array.isArray(list[0]) ? list.map((pair) => (pair as unknown[])[0]) : list.filter(isEven);
  const values = Array.isArray(list[0]) ? list.map((pair) => (pair as unknown[])[1]) : list.filter(isOdd);
  const hosts = values.filter((_value, index) => String(names[index]).toLowerCase() === 'host');
  if (hosts.length > 1) {
    throw invalidArgValue('options.headers', '(redacted)', 'must not contain duplicate Host headers');
  }
  if (hosts.length === 1 && hosts[0] !== root.host) throw mismatch(root, hosts[0]);
  request[kPath] = targetOf(request[kPath], root, request.method);
}

function isEven(_value: unknown, index: number): boolean {
  return index % 2 === 0;
}

function isOdd(_value: unknown, index: number): boolean {
  return index % 2 === 1;
}

/** The fields for the proxy alone. proxy-connection is in no RFC's favour, but node:http sends it. */
export function addProxyFields(request: Request, proxy: ProxyServer): void {
  if (proxy.authorization !== undefined) request.setHeader('proxy-authorization', proxy.authorization);
  request.setHeader('proxy-connection', request.shouldKeepAlive ? 'keep-alive' : 'close');
}
