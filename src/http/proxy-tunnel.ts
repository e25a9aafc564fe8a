/**
 * A tunnel through a proxy (RFC 9110 section 9.3.6): CONNECT, its response, and TLS with the server behind it.
 *
 * Until the proxy has said 2xx, nothing is written but the CONNECT; whatever else it says ends the connection. What
 * comes behind the response is the server's, and TLS reads it.
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type CodedError, HEADER_OVERFLOW, type PeerError, proxyTunnel } from '../errors.js';
import { MessageParser, type MessageSink, RESPONSE } from '../wire/parser.js';
import { isInterimStatus, SWITCHING_PROTOCOLS } from '../wire/tables.js';
import { maxHeaderSize } from './command-line.js';
import { checkedPort, connectToProxy, type ProxyConnectOptions, type ProxyServer, uriHost } from './proxy.js';
import { kTunnel } from './symbols.js';

/** Where the tunnel leads. The agent's options, as far as they matter to the connection to the proxy. */
export interface TunnelOptions extends ProxyConnectOptions {
  readonly host?: string | null;
  readonly port?: number | string | null;
}

type OnTunnel = (error: Error | null, socket?: TLSSocket) => void;

/** A socket to a proxy, of which a tunnel is being made: it is not for requests yet. */
export interface TunnelSocket extends Socket {
  [kTunnel]?: boolean;
}

/** @throws ERR_INVALID_ARG_VALUE, ERR_SOCKET_BAD_PORT */
function authorityOf(options: TunnelOptions): string {
  return `${uriHost(options.host || 'localhost')}:${checkedPort(options.port)}`;
}

function connectHead(proxy: ProxyServer, authority: string, isKept: boolean): string {
  let head = `CONNECT ${authority} HTTP/1.1\r\n`;
  if (proxy.authorization !== undefined) head += `proxy-authorization: ${proxy.authorization}\r\n`;
  if (isKept) head += 'proxy-connection: keep-alive\r\n';
  return `${head}host: ${authority}\r\n\r\n`;
}

/** The first line that the proxy sent, fit for a message. */
function firstLine(received: Buffer[]): string {
  const text = Buffer.concat(received).toString('latin1');
  const line = text.split(/\r?\n/, 1)[0];
  return line.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}

/** Reads what the proxy answers to CONNECT. */
class ConnectResponse implements MessageSink {
  private readonly parser = new MessageParser(RESPONSE, this, { maxHeaderSize, maxHeadersCount: 0 });
  private readonly received: Buffer[] = [];
  private size = 0;
  /** The status-line and code of the final response, once its head is read. */
  statusLine: string | null = null;
  statusCode = 0;
  error: PeerError | null = null;

  constructor() {
    this.parser.requestMethod = 'CONNECT';
  }

  onHead(parser: MessageParser): boolean {
    const { statusCode, statusMessage, versionMajor, versionMinor } = parser.startLine;
    if (isInterimStatus(statusCode) && statusCode !== SWITCHING_PROTOCOLS) return false;
    this.statusCode = statusCode;
    this.statusLine = `HTTP/${versionMajor}.${versionMinor} ${statusCode} ${statusMessage}`.trimEnd();
    return true;
  }

  onBody(): void {}
  onTrailers(): void {}
  onComplete(): void {}

  /** What is behind the response, once it is read to the end; null until then. */
  read(chunk: Buffer): Buffer | null {
    this.received.push(chunk);
    this.size += chunk.length;
    let at = 0;
    // The parser stops behind every interim response.
    while (at < chunk.length && this.error === null) {
      at = this.parser.execute(chunk, at, chunk.length);
      this.error = this.parser.error;
      if (this.statusLine !== null) return this.error === null ? chunk.subarray(at) : null;
    }
    return null;
  }

  /** More than a head may have, in interim responses or one. */
  get isTooLarge(): boolean {
    return this.error === null ? this.size > maxHeaderSize : this.error.code === HEADER_OVERFLOW;
  }

  get firstLine(): string {
    return firstLine(this.received);
  }
}

/**
 * Makes a tunnel and calls back with a TLS socket whose handshake is done. Returns the socket to the proxy, marked
 * with kTunnel: it is there to be destroyed, and times out as `options.timeout` says.
 * @param isKept Is the connection meant for several requests?
 * @param secure Starts TLS with the server on the socket it is given.
 */
export function openTunnel(
  proxy: ProxyServer,
  options: TunnelOptions,
  isKept: boolean,
  secure: (socket: Socket) => TLSSocket,
  callback: OnTunnel,
): Socket | undefined {
  let authority: string;
  try {
    authority = authorityOf(options);
  } catch (error) {
    callback(error as Error);
    return undefined;
  }
  const socket: TunnelSocket = connectToProxy(proxy, options);
  socket[kTunnel] = true;
  const response = new ConnectResponse();
  let tls: TLSSocket | null = null;
  let isOver = false;

  const finish = (error: Error | null): void => {
    if (isOver) return;
    isOver = true;
    socket.removeListener('timeout', onTimeout);
    if (error === null) {
      callback(null, tls as TLSSocket);
      return;
    }
    tls?.destroy();
    socket.destroy();
    callback(error);
  };
  const fail = (message: string, more?: object): void => {
    finish(Object.assign(proxyTunnel(message), more) as CodedError);
  };
  const refuse = (line: string, statusCode: number): void => {
    fail(`Failed to establish tunnel to ${authority} via ${proxy.shown}: ${line}`, { statusCode });
  };
  const onTimeout = (): void => {
    const { timeout } = options;
    fail(`Connection to establish proxy tunnel timed out after ${timeout}ms`, {
      proxyTunnelTimeout: timeout,
    });
  };
  const onEnd = (): void => fail('Connection to establish proxy tunnel ended unexpectedly');
  const onData = (chunk: Buffer): void => {
    const rest = response.read(chunk);
    if (response.isTooLarge && rest === null) fail(`Proxy response headers exceeded ${maxHeaderSize} bytes`);
    else if (response.error !== null) refuse(response.firstLine, Number.NaN);
    else if (rest === null) return;
    else if (response.statusCode < 200 || response.statusCode > 299) {
      refuse(response.statusLine as string, response.statusCode);
    } else {
      speakTls(rest);
    }
  };
  const speakTls = (rest: Buffer): void => {
    socket.removeListener('data', onData);
    socket.removeListener('end', onEnd);
    socket.removeListener('close', onEnd);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    tls = secure(socket);
    // The time-out is for all of it, until the requests have theirs.
    tls.on('timeout', onTlsTimeout);
    tls.once('secureConnect', onSecure);
    tls.once('error', finish);
    tls.once('close', onTlsClose);
  };
  const onTlsTimeout = (): void => {
    socket.emit('timeout');
  };
  const onTlsClose = (): void => onEnd();
  const onSecure = (): void => {
    tls?.removeListener('timeout', onTlsTimeout);
    tls?.removeListener('error', finish);
    tls?.removeListener('close', onTlsClose);
    finish(null);
  };

  socket.on('timeout', onTimeout);
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('close', onEnd);
  socket.on('error', (error) => {
    // Whoever has the tunnel by now hears of it there.
    if (isOver) tls?.destroy(error);
    else finish(error);
  });
  // Credentials are for a proxy that has proved to be the one they are for.
  socket.once(proxy.isSecure ? 'secureConnect' : 'connect', () => {
    socket.write(connectHead(proxy, authority, isKept), 'latin1');
  });
  return socket;
}
