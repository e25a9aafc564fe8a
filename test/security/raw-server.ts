import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import * as http from 'barewire/http';
import * as https from 'barewire/https';
import { bounded } from '../differential/bounded.js';
import { authority, first } from '../fixtures/certificates.js';

/** What a hostile server does with a request; `connection` and `request` count from 1. */
export type Script = (socket: Socket, connection: number, request: number) => void;

/** How a request ended. */
export interface Outcome {
  readonly status: number | undefined;
  readonly content: string;
  /** Codes of the errors of the request and the response, in order. */
  readonly errors: readonly string[];
  readonly reused: boolean;
}

/**
 * A server that says whatever it likes, over TCP or TLS, and clients of ours that keep their connections to it. Closed
 * with the test.
 */
export class RawServer {
  readonly agent: Agent;
  /** All that was received, a text for each connection. */
  readonly received: string[] = [];
  readonly #server: Server;
  readonly #isSecure: boolean;
  readonly #sockets: Socket[] = [];

  constructor(script: Script, isSecure: boolean) {
    const onConnection = (socket: Socket): void => {
      const connection = this.#sockets.push(socket);
      let requests = 0;
      let handled = 0;
      this.received.push('');
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => {
        this.received[connection - 1] += bytes.toString('latin1');
        requests = this.received[connection - 1].split('\r\n\r\n').length - 1;
        while (handled < requests) script(socket, connection, ++handled);
      });
    };
    this.#isSecure = isSecure;
    this.#server = isSecure ? createTlsServer(first, onConnection) : createServer(onConnection);
    this.agent = isSecure
      ? new https.Agent({ keepAlive: true, ca: authority })
      : new http.Agent({ keepAlive: true });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Begins a request on a kept connection, if there is one. */
  request(options: RequestOptions = {}): ClientRequest {
    const all = { host: '127.0.0.1', port: this.port, agent: this.agent, ...options };
    return this.#isSecure ? https.request(all) : http.request(all);
  }

  /** Makes a request, and resolves when it is closed. */
  async exchange(options: RequestOptions = {}, content?: string): Promise<Outcome> {
    const request = this.request(options);
    request.end(content);
    return outcomeOf(request);
  }

  /** Resolves when the socket that carried the last request is closed. */
  async dropped(socket: Socket): Promise<void> {
    if (socket.closed) return;
    await bounded(
      'the connection is dropped',
      new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
  }

  async close(): Promise<void> {
    this.agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Resolves when the request is closed, with what came of it. */
export async function outcomeOf(request: ClientRequest): Promise<Outcome> {
  let status: number | undefined;
  let content = '';
  const errors: string[] = [];
  const onError = (error: NodeJS.ErrnoException): void => {
    errors.push(String(error.code));
  };
  request.on('error', onError);
  request.on('response', (response: IncomingMessage) => {
    status = response.statusCode;
    response.setEncoding('latin1').on('data', (piece: string) => {
      content += piece;
    });
    response.on('error', onError);
  });
  await bounded('the request closes', new Promise<void>((resolve) => request.once('close', () => resolve())));
  return { status, content, errors, reused: request.reusedSocket };
}

/** A hostile server for the test `t`. */
export async function serveRaw(t: TestContext, script: Script, isSecure = false): Promise<RawServer> {
  const server = new RawServer(script, isSecure);
  t.after(() => server.close());
  await server.listen();
  return server;
}

/** A response with a length. */
export function answer(content: string, ...fields: string[]): string {
  return ['HTTP/1.1 200 OK', `Content-Length: ${content.length}`, ...fields, '', content].join('\r\n');
}
