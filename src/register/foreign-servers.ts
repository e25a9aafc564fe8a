/**
 * Servers that are not ours, and serve HTTP/1.1 with what `_http_server` exports: those of node:http2 with
 * `allowHTTP1`, and whoever does as they do. The functions have the names that module gives them.
 */
import type { ConnectionSocket } from '../http/connection.js';
import type { HttpServer } from '../http/server.js';
import { connectionListener, startChecking, stopChecking } from '../http/server-members.js';
import { checkedOptions, type HttpServerOptions, type ServerState } from '../http/server-options.js';
import { kServer } from '../http/symbols.js';

/** Where such servers keep the classes of their messages: symbols of `_http_common` and `_http_server`. */
export interface MessageSymbols {
  kIncomingMessage?: symbol;
  kServerResponse?: symbol;
}

/** Gives a server what ours has from its constructor, but for what it has itself. */
function adopt(server: HttpServer): void {
  if (server[kServer] !== undefined) return;
  const { members, state } = checkedOptions({});
  Object.assign(server, { ...members, ...definedOf(server, Object.keys(members)) });
  server[kServer] = state;
}

function definedOf(server: object, names: string[]): object {
  return Object.fromEntries(
    names.map((name) => [name, Reflect.get(server, name)]).filter(([, value]) => value !== undefined),
  );
}

/** The functions, for servers that keep their classes under these symbols. */
export function foreignServers({ kIncomingMessage, kServerResponse }: MessageSymbols) {
  const classOf = (server: object, symbol: symbol | undefined) =>
    symbol === undefined ? undefined : Reflect.get(server, symbol);

  return {
    /** Checks options and keeps them in the server. @throws as the constructor of a Server */
    storeHTTPOptions(this: HttpServer, options: HttpServerOptions): void {
      const { members, state } = checkedOptions(options);
      Object.assign(this, members);
      this[kServer] = state;
    },

    /** Begins to look after slow requests: a listener for 'listening'. */
    setupConnectionsTracking(this: HttpServer): void {
      adopt(this);
      startChecking.call(this);
    },

    /** What a server does before it closes. */
    httpServerPreClose(server: HttpServer): void {
      adopt(server);
      server.closeIdleConnections();
      stopChecking.call(server);
    },

    /** Serves HTTP on a socket. */
    _connectionListener(this: HttpServer, socket: ConnectionSocket): void {
      adopt(this);
      const state = this[kServer] as { -readonly [Name in keyof ServerState]: ServerState[Name] };
      state.IncomingMessage = classOf(this, kIncomingMessage) ?? state.IncomingMessage;
      state.ServerResponse = classOf(this, kServerResponse) ?? state.ServerResponse;
      connectionListener.call(this, socket);
    },
  };
}
