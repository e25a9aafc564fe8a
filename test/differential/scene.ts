import { EventEmitter } from 'node:events';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import type { Server as TlsServer, ServerOptions as TlsServerOptions } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { first } from '../fixtures/certificates.js';
import { bounded } from './bounded.js';
import type { Http, Https, Subject } from './subjects.js';
import { WireClient, type WireClientOptions } from './wire-client.js';
import type { WireConnection } from './wire-connection.js';
import { masked, wireLines } from './wire-text.js';

/** A value as one line of log. */
export function shown(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as NodeJS.ErrnoException;
    return masked(`${value.name}${code === undefined ? '' : ` [${code}]`}: ${value.message}`);
  }
  if (Buffer.isBuffer(value)) return inspect(value.toString('latin1'));
  if (value instanceof EventEmitter) return '<emitter>';
  return masked(inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20 }));
}

/**
 * One run of a scenario with one subject: makes servers and clients and closes them at the end, and records
 * what happens. Events on our side go to the log in their order; what clients received is listed after
 * them, since the order between two ends of a connection is the kernel's. All members are bound, so that
 * scenarios take the ones they use apart.
 */
export class Scene {
  readonly http: Http;
  readonly https: Https;
  readonly #log: string[] = [];
  readonly #wire: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #clients: WireClient[] = [];
  readonly #sockets = new Set<Duplex>();
  readonly #servers: NetServer[] = [];
  readonly #closers: (() => unknown)[] = [];
  readonly #masks: [pattern: RegExp, mask: string][] = [];
  #over = false;

  constructor({ http, https }: Pick<Subject, 'http' | 'https'>) {
    this.http = http;
    this.https = https;
  }

  /** Adds one line to the log; values are inspected, the label is taken as it is. */
  readonly log = (label: string, ...values: unknown[]): void => {
    if (this.#over) return;
    this.#log.push(values.length === 0 ? label : `${label} ${values.map(shown).join(' ')}`);
    for (const check of this.#waiting) check();
  };

  /** Logs what `act` returns or throws. */
  readonly attempt = <T>(label: string, act: () => T): T | undefined => {
    try {
      const result = act();
      this.log(label, result);
      return result;
    } catch (error) {
      this.log(`${label} throws`, error);
      return undefined;
    }
  };

  /** Logs the named properties of `object`. */
  readonly properties = <T extends object>(
    label: string,
    object: T,
    names: readonly (keyof T & string)[],
  ): void => {
    for (const name of names) this.log(`${label}.${name}`, object[name]);
  };

  /** Logs each of `events` with its arguments. */
  readonly watch = (label: string, emitter: EventEmitter, ...events: string[]): void => {
    for (const event of events) {
      emitter.on(event, (...args: unknown[]) => this.log(`${label} ${event}`, ...args));
    }
  };

  /** Resolves when a line that starts with `line` stands in the log `times` times. */
  readonly seen = async (line: string, times = 1): Promise<void> => {
    let check = () => {};
    const met = new Promise<void>((resolve) => {
      check = () => {
        if (this.#log.filter((entry) => entry.startsWith(line)).length >= times) resolve();
      };
      this.#waiting.add(check);
      check();
    });
    try {
      await bounded(`"${line}" in the log`, met, () => `; it holds ${JSON.stringify(this.#log)}`);
    } finally {
      this.#waiting.delete(check);
    }
  };

  /** Lets the event loop turn `count` times, for what must not happen. */
  readonly turns = async (count = 10): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  /** A server of the subject, listening on a free port. */
  readonly serve = async (listener?: RequestListener, options: ServerOptions = {}): Promise<Server> => {
    return this.listen(this.http.createServer(options, listener));
  };

  /** A TLS server of the subject with the certificate of localhost, listening on a free port. */
  readonly serveTls = async (
    listener?: RequestListener,
    options: TlsServerOptions = {},
  ): Promise<TlsServer> => {
    return this.listen(this.https.createServer({ ...first, ...options }, listener));
  };

  /** Makes `server` listen on a free port, and closes it with the scene. */
  readonly listen = async <S extends NetServer>(server: S): Promise<S> => {
    this.adopt(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    return server;
  };

  /** Closes `server` and all its sockets with the scene. */
  readonly adopt = <S extends NetServer>(server: S): S => {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    return server;
  };

  /** Has `close` called, and waited for, at the end of the scene. */
  readonly atTheEnd = (close: () => unknown): void => {
    this.#closers.push(close);
  };

  /** Writes `mask` for every `word` in the finished log: a port for instance, which is another one each time. */
  readonly mask = (word: string | number, mask: string): void => {
    const escaped = String(word).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    this.#masks.push([new RegExp(`(?<![\\w.])${escaped}(?![\\w])`, 'g'), mask]);
  };

  readonly connect = (server: NetServer, options?: WireClientOptions): WireClient => {
    const client = new WireClient((server.address() as AddressInfo).port, options);
    this.#clients.push(client);
    return client;
  };

  /**
   * Sends `request` on a connection of its own and records the answer. Without `until` the server is
   * expected to close; with it, the client half-closes once it has received that text.
   */
  readonly exchange = async (
    server: NetServer,
    request: string | Uint8Array,
    until?: string | RegExp,
  ): Promise<void> => {
    const client = this.connect(server);
    await client.send(request);
    if (until !== undefined) {
      await client.until(until);
      client.end();
    }
    await client.closed();
    this.record(client);
  };

  /** Records the bytes that `client` has received, a line each, and how the connection ended, if asked. */
  readonly record = (client: WireConnection, ending?: string): void => {
    this.recordText(client.received);
    if (ending !== undefined) this.#wire.push(`< ${ending}`);
  };

  /** Records `text` as received on the wire. */
  readonly recordText = (text: string): void => {
    this.#wire.push('--- wire', ...wireLines(text).map((line) => `< ${line}`));
  };

  /** Closes everything, and returns the finished log. */
  readonly finish = async (): Promise<string[]> => {
    this.#over = true;
    for (const close of this.#closers.reverse()) await close();
    for (const client of this.#clients) client.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            if (server.listening) server.close(() => resolve());
            else resolve();
          }),
      ),
    );
    return [...this.#log, ...this.#wire].map((line) =>
      this.#masks.reduce((text, [pattern, mask]) => text.replace(pattern, mask), line),
    );
  };
}
