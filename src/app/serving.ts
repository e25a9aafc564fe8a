/** An application on its servers: listening, and the end without a request lost. */
import { once } from 'node:events';
import type * as nodeHttp from 'node:http';
import type { ListenOptions as NetListenOptions, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { applicationClosing } from '../errors.js';
import { Server as HttpsServer } from '../http/https-server.js';
import { type HttpServer, Server } from '../http/server.js';
import { kServer } from '../http/symbols.js';
import type { Application } from './application.js';
import { type CloseOptions, Draining } from './draining.js';
import { continueWhenRead } from './expectation.js';
import { kLogging } from './symbols.js';

/** Where and how to listen. */
export interface ListenOptions extends NetListenOptions {
  /** Serve HTTPS, with these options of node:tls. Default: HTTP. */
  tls?: TlsOptions;
  /** Options of the server (http.ServerOptions): time-outs, limits. */
  server?: nodeHttp.ServerOptions;
}

/** Fulfilled when the server listens; rejected with what hinders it, the reason of the signal that ends it among that. */
async function listening(server: nodeHttp.Server, signal: AbortSignal | undefined): Promise<void> {
  const settled = new AbortController();
  const closed = once(server, 'close', { signal: settled.signal }).then(() => {
    throw signal?.reason;
  });
  try {
    // Rejects with 'error'.
    await Promise.race([once(server, 'listening', { signal: settled.signal }), closed]);
  } finally {
    closed.catch(() => {});
    settled.abort();
  }
}

/** What people give to `listen` in place of awaiting it: called with nothing, or with what hindered it. */
export type ListenCallback = (error?: unknown) => void;

/** The options that the arguments of `listen` stand for. */
export function listenOptionsOf(
  where: number | string | ListenOptions | ListenCallback,
  host: string | ListenCallback | undefined,
): ListenOptions {
  if (typeof where === 'function') return {};
  if (typeof where === 'object') return where;
  if (typeof where === 'string' && !/^\d+$/.test(where)) return { path: where };
  return { port: Number(where), host: typeof host === 'string' ? host : undefined };
}

/** The servers of one application. */
export class Serving {
  private readonly app: Application;
  private readonly servers = new Map<nodeHttp.Server, Set<Socket>>();
  /** Those that are about to listen. */
  private readonly starting = new Set<Promise<unknown>>();
  private draining: Draining | null = null;
  private closing: Promise<void> = Promise.resolve();
  private readonly closeListeners: (() => unknown)[] = [];
  /** It has ended, and not begun again. */
  private hasEnded = false;

  constructor(app: Application) {
    this.app = app;
  }

  /** Is it listening, and not about to end? */
  get isReady(): boolean {
    return this.servers.size > 0 && this.draining === null;
  }

  /** Is it about to end, or has it ended? Responses tell their clients so. */
  get isClosing(): boolean {
    return this.draining !== null || this.hasEnded;
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
    const logging = this.app[kLogging];
    if (logging !== null) {
      (server as unknown as HttpServer)[kServer].onRefusal = logging.refuse.bind(logging);
    }
    server.on('checkContinue', (req: nodeHttp.IncomingMessage, res: nodeHttp.ServerResponse) => {
      continueWhenRead(req, res);
      this.app.handler(req, res);
    });
    return server;
  }

  /**
   * Listens. Resolves with the server when it does.
   * @throws (rejects with) ERR_APPLICATION_CLOSING; what is wrong with the routes; what hinders it, such as EADDRINUSE
   */
  async listen({ tls, server: serverOptions, ...where }: ListenOptions): Promise<nodeHttp.Server> {
    if (this.draining !== null) throw applicationClosing();
    // A mistake in them is found by who starts it, and not by the first client.
    this.app.routes();
    const server = this.makeServer({ ...serverOptions, tls });
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    const started = listening(server, where.signal);
    this.starting.add(started);
    try {
      server.listen(where);
      await started;
      this.servers.set(server, sockets);
      this.hasEnded = false;
    } finally {
      this.starting.delete(started);
    }
    server.once('close', () => this.servers.delete(server));
    return server;
  }

  /**
   * Ends all servers. While they are ending it can only be hastened.
   * @throws (rejects with) ERR_INVALID_ARG_VALUE; what a listener throws
   */
  async close(options: CloseOptions): Promise<void> {
    if (this.draining !== null) {
      this.draining.hasten(options);
    } else {
      if (this.hasEnded && this.starting.size === 0) return;
      this.draining = new Draining(this.servers, this.starting, options);
      this.closing = this.drain(this.draining);
    }
    await this.closing;
  }

  private async drain({ done }: Draining): Promise<void> {
    const told = Promise.allSettled(this.closeListeners.map(async (listener) => listener()));
    await done;
    this.draining = null;
    this.hasEnded = true;
    for (const outcome of await told) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Calls a function whenever the application begins to end. */
  onClose(listener: () => unknown): void {
    this.closeListeners.push(listener);
  }
}
