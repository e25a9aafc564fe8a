import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'barewire/http';
import { type Ending, WireClient, type WireClientOptions } from '../differential/wire-client.js';

/** A response as a careful client reads it. */
export interface Reply {
  statusCode: number;
  /** Names in lower case. */
  fields: Map<string, string>;
  content: string;
}

/**
 * The responses in `received`, one behind the other, read by their framing: what is no response, and what is left
 * over, fails the test. Responses to HEAD and upgrades are not for it.
 */
export function replies(received: string): Reply[] {
  const found: Reply[] = [];
  let rest = received;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine, ...lines] = rest.slice(0, end).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine);
    assert.ok(end > 0 && status, `a response was expected: ${JSON.stringify(rest.slice(0, 200))}`);
    const fields = new Map(
      lines.map((line) => {
        const [name, ...value] = line.split(': ');
        return [name.toLowerCase(), value.join(': ')];
      }),
    );
    rest = rest.slice(end + 4);
    const statusCode = Number(status[1]);
    let content = '';
    if (fields.has('content-length')) {
      const length = Number(fields.get('content-length'));
      assert.ok(rest.length >= length, 'the content is as long as Content-Length says');
      content = rest.slice(0, length);
      rest = rest.slice(length);
    } else if (fields.get('transfer-encoding') === 'chunked') {
      for (let size = -1; size !== 0; ) {
        const line = /^([0-9a-f]+)\r\n/.exec(rest);
        assert.ok(line, `a chunk was expected: ${JSON.stringify(rest.slice(0, 200))}`);
        size = Number.parseInt(line[1], 16);
        const from = line[0].length;
        assert.equal(rest.slice(from + size, from + size + 2), '\r\n', 'a chunk is as long as its size says');
        content += rest.slice(from, from + size);
        rest = rest.slice(from + size + 2);
      }
    } else if (statusCode >= 200) {
      content = rest;
      rest = '';
    }
    found.push({ statusCode, fields, content });
  }
  return found;
}

/** The status codes of the responses in `received`. */
export function statusCodes(received: string): number[] {
  return replies(received).map((reply) => reply.statusCode);
}

/** The reply to what was refused: framed, dated, and the last of its connection. */
export function assertRefusal(reply: Reply, statusCode: number): void {
  assert.equal(reply.statusCode, statusCode);
  assert.equal(reply.fields.get('connection'), 'close');
  assert.equal(reply.fields.get('content-length'), '0');
  assert.match(reply.fields.get('date') ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
}

/** A server of one test, closed with it, that writes down what reaches its handler. */
export class Served {
  readonly server: Server;
  /** Every request that the handler was called for: method and request-target. */
  readonly handled: string[] = [];
  /** Those of them that came to their end: with their content. */
  readonly completed: string[] = [];
  private readonly clients: WireClient[] = [];
  private readonly sockets = new Set<Socket>();

  constructor(options: ServerOptions, listener: RequestListener | null) {
    this.server = createServer(options, (req, res) => {
      this.handled.push(`${req.method} ${req.url}`);
      let content = '';
      req.on('data', (piece: Buffer) => {
        content += piece.toString('latin1');
      });
      req.on('end', () => this.completed.push(`${req.method} ${req.url} ${content}`.trimEnd()));
      req.on('error', () => {});
      if (listener === null) req.on('end', () => res.end('ok'));
      else listener(req, res);
    });
    this.server.on('connection', (socket) => this.sockets.add(socket));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** A connection, ended with the test. */
  connect(options?: WireClientOptions): WireClient {
    const client = new WireClient(this.port, options);
    this.clients.push(client);
    return client;
  }

  /** Sends the segments on a connection of its own; returns what was received until the server closed it. */
  async exchange(...segments: string[]): Promise<string> {
    const client = this.connect();
    // The server may refuse the first and close before it has read the last.
    for (const segment of segments) client.socket.write(segment, 'latin1');
    const ending: Ending = await client.closed();
    assert.equal(ending, 'end', 'the connection is closed in order, so that no response is lost');
    return client.received;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    // Those of other protocols too, which the server does not know any more.
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/**
 * A server for the test `t`. Without a listener it reads every request to its end and answers `ok`; the listener
 * finds the content read already.
 */
export async function serve(
  t: TestContext,
  options: ServerOptions = {},
  listener: RequestListener | null = null,
): Promise<Served> {
  const served = new Served(options, listener);
  t.after(() => served.close());
  await new Promise<void>((resolve) => served.server.listen(0, '127.0.0.1', resolve));
  return served;
}
