/** What an agent connects with, and the name of the pool that it comes to. */
import { isIP } from 'node:net';
import { invalidArgType } from '../errors.js';
import type { Agent, SocketOptions } from './agent.js';
import type { Request } from './client-request.js';
import type { RequestOptions } from './request-options.js';

/** The options of the request, and the agent's over them: what a socket for it is made with. */
export function socketOptions(agent: Agent, request: Request, options: RequestOptions): SocketOptions {
  const merged: SocketOptions = Object.assign(Object.create(null), options, agent.options);
  if (merged.socketPath) merged.path = merged.socketPath;
  // The host by which a TLS server is to know what was asked for: the one of the Host field.
  if (agent.protocol === 'https:' && !merged.servername && merged.servername !== '') {
    const host = request.getHeader('host');
    // But a proxy is known by its own name, not by what it shall connect to.
    const isTarget = request.method === 'CONNECT' && host === request.path;
    merged.servername = serverName(merged.host as string, isTarget ? undefined : host);
  }
  return merged;
}

/** Server names of TLS are host names, never addresses (RFC 6066 section 3): empty for those. */
function serverName(connectedTo: string, host: unknown): string {
  let name = connectedTo;
  if (host) {
    if (typeof host !== 'string') throw invalidArgType('options.headers.host', 'of type string', host);
    // "[::1]:8080", "name:8080"
    name = host.startsWith('[') ? host.slice(1).split(']', 1)[0] : host.split(':', 1)[0];
  }
  return isIP(name) === 0 ? name : '';
}

/** "host:port:localAddress[:family][:socketPath]" */
export function nameOf(
  host: string | null | undefined,
  port: unknown,
  localAddress: string | undefined,
  family: number | undefined,
  socketPath: string | undefined,
): string {
  let name = `${host || 'localhost'}:${port || ''}:${localAddress || ''}`;
  if (family === 4 || family === 6) name += `:${family}`;
  if (socketPath) name += `:${socketPath}`;
  return name;
}

/** The last name found, and what for: one request is much like the next. */
let lastHost: string | null | undefined;
let lastPort: unknown;
let lastName = '';

/** The name that getName has for the request's options with the agent's over them, without merging them. */
export function nameOfRequest(agents: SocketOptions, asked: RequestOptions): string {
  const host = 'host' in agents ? agents.host : asked.host;
  const port = 'port' in agents ? agents.port : asked.port;
  const localAddress = 'localAddress' in agents ? agents.localAddress : asked.localAddress;
  const family = 'family' in agents ? agents.family : asked.family;
  const socketPath = 'socketPath' in agents ? agents.socketPath : asked.socketPath;
  if (localAddress || family || socketPath) return nameOf(host, port, localAddress, family, socketPath);
  if (lastName === '' || host !== lastHost || port !== lastPort) {
    lastHost = host;
    lastPort = port;
    lastName = nameOf(host, port, '', undefined, '');
  }
  return lastName;
}

/** The name of the pool that a socket with these options is in. */
export function poolName(agent: Agent, options: SocketOptions): string {
  return options._agentKey ?? agent.getName(options);
}
