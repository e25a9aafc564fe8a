/** An application on its servers: listening, and the end without a request lost. */
import { once } from 'node:events';
import type * as nodeHttp from 'node:http';
import { type ListenOptions as NetListenOptions, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { Server as HttpsServer } from '../http/https-server.js';
import { Server } from '../http/server.js';
import { announceClose } from '../http/server-members.js';
import type { Application } from './application.js';
import { type BodyMessage, kContinue } from './body-head.js';
import { CLOSE_DEADLINE } from './limits.js';

/** Where and how to listen. */
export interface ListenOptions extends NetListenOptions {
  /** Serve HTTPS, with these options of node:tls. Default: HTTP. */
  tls?: TlsOptions;
  /** Options of the server (http.ServerOptions): time-outs, limits. */
  server?: nodeHttp.ServerOptions;
}

/** How to end. */
export interface CloseOptions {
  /**
   * Milliseconds between the moment in which `isReady` turns false and the one in which no connection is accepted any
   * more: the time that those in front need to see it. Default 0.
   */
  delay?: number;
  /** Milliseconds that requests in flight and idle connections have from then on. Default 10 000; then they are cut. */
  deadline?: number;
}

/** The servers of one application. */
export class Serving {
  private readonly app: Application;
  private readonly servers = new Set<nodeHttp.Server>();
  private closing: Promise<void> | null = null;

  constructor(app: Application) {
    this.app = app;
  }

  /** Is it listening, and not about to end? */
  get isReady(): boolean {
    return this.servers.size > 0 && this.closing === null;
  }

  /** Is it about to end? Responses tell their clients so. */
  get isClosing(): boolean {
    return this.closing !== null;
  }

  /** A server of the application's, that does not listen yet. */
  makeServer(options: nodeHttp.ServerOptions & { tls?: TlsOptions }): nodeHttp.Server {
    const { tls, ...rest } = options;
    const own = {
      ...rest,
      IncomingMessage: this.app.IncomingMessage,
      ServerResponse: this.app.ServerResponse,
    };
    const server =
      tls === undefined
        ? new Server(own as nodeHttp.ServerOptions)
        : (new HttpsServer({ ...tls, ...own } as never) as unknown as nodeHttp.Server);
    server.on('request', this.app.handler);
    // 100 (Continue) is sent when the handler reads, and not before.
    server.on(
      'checkContinue',
      (req: BodyMessage & nodeHttp.IncomingMessage, res: nodeHttp.ServerResponse) => {
        req[kContinue] = () => res.writeContinue();
        this.app.handler(req, res);
      },
    );
    return server;
  }

  /** Listens. Resolves with the server when it does; rejects with what hinders it, such as EADDRINUSE. */
  async listen({ tls, server: serverOptions, ...where }: ListenOptions): Promise<nodeHttp.Server> {
    if (this.closing !== null) await this.closing;
    const server = this.makeServer({ ...serverOptions, tls });
    server.listen(where);
    // Rejects with 'error'.
    await once(server, 'listening');
    this.servers.add(server);
    server.once('close', () => this.servers.delete(server));
    return server;
  }

  /** Ends all servers; once, however often it is called. */
  close(options: CloseOptions): Promise<void> {
    this.closing ??= this.drain(options).finally(() => {
      this.closing = null;
    });
    return this.closing;
  }

  private async drain({ delay = 0, deadline = CLOSE_DEADLINE }: CloseOptions): Promise<void> {
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    await Promise.all(Array.from(this.servers, (server) => closeGently(server, deadline)));
  }
}

/**
 * Stops accepting, and lets every connection end by itself: its next response says `Connection: close`. Idle ones are
 * not cut at once, as `server.close()` does: a request may be on its way on them (nodejs/node#60617). They end at
 * their keepAliveTimeout, or at the deadline.
 */
function closeGently(server: nodeHttp.Server, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), deadline);
    NetServer.prototype.close.call(server as unknown as NetServer, () => {
      clearTimeout(timer);
      resolve();
    });
    announceClose(server);
  });
}
