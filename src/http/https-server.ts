/** The server of node:https, over `tls.Server`: the same connections, on sockets whose handshake is done. */
import type { RequestListener } from 'node:http';
import type * as nodeHttps from 'node:https';
import type { TlsOptions } from 'node:tls';
import type { ConnectionSocket } from './connection.js';
import type { HttpServer } from './server.js';
import { connectionListener, defineServer, initServer } from './server-members.js';
import { checkedOptions } from './server-options.js';

// Not imported: that makes every export, among them all the root certificates.
const TlsServer = process.getBuiltinModule('node:tls').Server;

export type HttpsServerOptions = nodeHttps.ServerOptions;

/** What `tls.Server` is made with: all that was given, with what is HTTP's own default. */
function tlsOptions(given: HttpsServerOptions | null | undefined, net: object): TlsOptions {
  const options: TlsOptions = { ...given, ...net, allowHalfOpen: given?.allowHalfOpen };
  // Nothing but HTTP/1.1 is spoken here; a client that can do more is told so.
  if (!options.ALPNProtocols && !options.ALPNCallback) options.ALPNProtocols = ['http/1.1'];
  return options;
}

/**
 * An HTTP/1.1 server over `tls.Server`. Callable without `new`.
 *
 * Emits what `http.Server` emits, and tls.Server's events. What fails before the handshake is done is
 * 'tlsClientError', and 'clientError' as well; where nobody listens to that, the socket is destroyed.
 * @throws as `http.Server`, and what `tls.Server` throws
 */
export const Server = function Server(
  this: HttpServer | undefined,
  optionsArgument?: HttpsServerOptions | RequestListener | null,
  listenerArgument?: RequestListener,
) {
  if (!(this instanceof (Server as unknown as typeof nodeHttps.Server))) {
    return new (Server as unknown as typeof nodeHttps.Server)(
      optionsArgument as HttpsServerOptions,
      listenerArgument,
    );
  }
  const self = this as unknown as HttpServer;
  const listener = typeof optionsArgument === 'function' ? optionsArgument : listenerArgument;
  const given = typeof optionsArgument === 'function' ? undefined : optionsArgument;
  const options = checkedOptions(given);
  (TlsServer as unknown as (this: unknown, options: TlsOptions) => void).call(
    self,
    tlsOptions(given, options.net),
  );
  initServer(self, options, listener);
  self.on('secureConnection', connectionListener as never);
  self.on('tlsClientError', reportTlsError as never);
  return self;
} as unknown as typeof nodeHttps.Server;

defineServer(Server, TlsServer);

function reportTlsError(this: HttpServer, error: Error, socket: ConnectionSocket): void {
  if (!this.emit('clientError', error, socket)) socket.destroy(error);
}
