import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import nodeHttp from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { BodyMessage } from '#src/app/body.js';
import { createApp } from '#src/app/index.js';
import type { RequestError } from '#src/errors.js';
import barewire from '#src/http/index.js';
import { bounded } from '../differential/bounded.js';
import { WireClient } from '../differential/wire-client.js';
import { type Reply, replies } from '../security/served.js';

/** An application's own requests hand over their bodies without a stream. */
const createServerOfApplication: typeof barewire.createServer = (...args: unknown[]) => {
  const { IncomingMessage } = createApp();
  const [options, listener] = typeof args[0] === 'function' ? [{}, args[0]] : args;
  return barewire.createServer(
    { ...(options as object), IncomingMessage },
    listener as nodeHttp.RequestListener,
  );
};

/** The servers whose requests have bodies. */
export const HTTP = [
  { name: 'barewire/http', createServer: barewire.createServer },
  { name: 'barewire', createServer: createServerOfApplication },
  { name: 'node:http', createServer: nodeHttp.createServer as unknown as typeof barewire.createServer },
];

export type Kind = (typeof HTTP)[number];

/** What was made of a body: its value, or the error that it was refused with. */
export interface Outcome {
  value?: unknown;
  error?: Partial<RequestError> & { members?: Record<string, unknown> };
}

export interface Answer extends Reply {
  /** The content, parsed. */
  told: { value?: unknown; code?: string; message?: string; members?: Record<string, unknown> };
}

/** A server that reads every body with `read`, and answers with what it got or with the error's status. */
export class BodyServer {
  readonly server: ReturnType<typeof barewire.createServer>;
  readonly outcomes: Outcome[] = [];
  private readonly heard = new EventEmitter();
  private readonly clients: WireClient[] = [];

  constructor(kind: Kind, read: (req: BodyMessage) => unknown) {
    const listener: nodeHttp.RequestListener = async (req, res) => {
      const outcome: Outcome = {};
      try {
        outcome.value = await read(req);
        res.end(JSON.stringify({ value: outcome.value }));
      } catch (error) {
        outcome.error = error as RequestError;
        const { status = 500, headers = {}, code, message, members } = outcome.error;
        res.writeHead(status, headers);
        res.end(JSON.stringify({ code, message, members }));
      }
      this.outcomes.push(outcome);
      this.heard.emit('outcome');
    };
    this.server = kind.createServer(listener);
    this.server.on('checkContinue', (req: BodyMessage, res: nodeHttp.ServerResponse) => {
      this.server.emit('expectation', req, res);
      listener(req as nodeHttp.IncomingMessage, res as never);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  connect(): WireClient {
    const client = new WireClient(this.port);
    this.clients.push(client);
    return client;
  }

  /** The n-th outcome, counted from 1. */
  async outcome(count = 1): Promise<Outcome> {
    while (this.outcomes.length < count) await bounded('an outcome', once(this.heard, 'outcome'));
    return this.outcomes[count - 1];
  }

  /** Sends a request with these field lines and this content on a connection of its own. */
  async post(fields: Record<string, string>, content: string | Uint8Array): Promise<Answer> {
    const client = this.connect();
    const bytes = Buffer.from(content as string, 'utf8');
    await client.send(
      Buffer.concat([Buffer.from(head({ 'Content-Length': `${bytes.length}`, ...fields })), bytes]),
    );
    const answer = await answerOf(client);
    client.destroy();
    return answer;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The head of a POST. */
export function head(fields: Record<string, string>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST / HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`;
}

/** The first response of the connection, when it is complete. */
export async function answerOf(client: WireClient): Promise<Answer> {
  await client.until('\r\n\r\n');
  let start = 0;
  while (client.received.startsWith('HTTP/1.1 100', start)) {
    start = client.received.indexOf('\r\n\r\n', start) + 4;
    await client.until(new RegExp(`^[^]{${start}}[^]*\r\n\r\n`));
  }
  const rest = () => client.received.slice(start);
  const length = Number(/content-length: (\d+)/i.exec(rest())?.[1] ?? Number.NaN);
  const end = start + rest().indexOf('\r\n\r\n') + 4;
  if (Number.isNaN(length)) await client.until('0\r\n\r\n');
  else await client.until(end + length);
  const [reply, ...others] = replies(rest());
  assert.equal(others.length, 0);
  return { ...reply, told: JSON.parse(Buffer.from(reply.content, 'latin1').toString()) };
}

export async function serveBodies(
  t: TestContext,
  kind: Kind,
  read: (req: BodyMessage) => unknown,
): Promise<BodyServer> {
  const server = new BodyServer(kind, read);
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A request without a connection, for what no connection changes. */
export function message(fields: Record<string, string>, ...chunks: (string | Uint8Array)[]): BodyMessage {
  const bytes = chunks.map((chunk) => Buffer.from(chunk as string, 'utf8'));
  const length = bytes.reduce((sum, chunk) => sum + chunk.length, 0);
  const stream = Readable.from(bytes, { objectMode: false });
  return Object.assign(stream, { headers: { 'content-length': String(length), ...fields } });
}

/** What a promise is rejected with. */
export async function refusalOf(
  promise: Promise<unknown>,
): Promise<RequestError & { members?: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    return error as RequestError;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}
