/** Servers of each kind around one handler, and a client that shows what was on the wire. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import nodeHttp from 'node:http';
import net from 'node:net';
import type { TestContext } from 'node:test';
import type { RequestLike, ResponseLike } from '#src/app/exchange.js';
import { statusOf } from '#src/app/http-error.js';
import http from '#src/http/index.js';

export type Handler = (req: RequestLike, res: ResponseLike) => unknown;

/** What handlers run on. */
export const KINDS = { 'barewire/http': http, 'node:http': nodeHttp } as const;
export type Kind = keyof typeof KINDS;
export const kinds = Object.keys(KINDS) as Kind[];

export interface Running {
  port: number;
  /** What handlers have thrown, or rejected with, so far. */
  errors: unknown[];
  /** Fulfilled with the next of them. */
  failure(): Promise<unknown>;
}

/** Answers what a handler throws: its status, its fields and its code. */
export async function run(handler: Handler, req: RequestLike, res: ResponseLike): Promise<unknown> {
  try {
    await handler(req, res);
  } catch (error) {
    if (!res.headersSent) {
      res.statusCode = statusOf(error);
      const { headers, code } = error as { headers?: Record<string, string>; code?: string };
      for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value);
      res.setHeader('Content-Type', 'text/plain');
      res.end(code ?? String(error));
    }
    return error;
  }
  return undefined;
}

/** A server of this kind, closed with the test. */
export async function serve(t: TestContext, kind: Kind, handler: Handler): Promise<Running> {
  const errors: unknown[] = [];
  const waiting: ((error: unknown) => void)[] = [];
  const server = KINDS[kind].createServer(async (req, res) => {
    const error = await run(handler, req as RequestLike, res as unknown as ResponseLike);
    if (error === undefined) return;
    errors.push(error);
    waiting.shift()?.(error);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    errors,
    failure: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

export interface Answer {
  status: number;
  /** Values by name in lower case; of names that come twice, a list. */
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  text: string;
  /** Did the message come to its end? */
  isComplete: boolean;
}

/** What a request is made of. */
export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  version?: '1.0' | '1.1';
}

/** Opens a connection, closed with the test. */
export async function connect(t: TestContext, port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

export function headOf(path: string, { method = 'GET', headers = {}, version = '1.1' }: Asked = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/${version}\r\nHost: localhost\r\n${lines.join('')}`;
}

/** One exchange on a connection of its own. */
export async function ask(t: TestContext, port: number, path = '/', asked: Asked = {}): Promise<Answer> {
  const socket = await connect(t, port);
  const pieces: Buffer[] = [];
  let isReset = false;
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.on('error', () => {
    isReset = true;
  });
  socket.write(`${headOf(path, asked)}Connection: close\r\n\r\n`, 'latin1');
  await new Promise((resolve) => socket.once('close', resolve));
  return read(Buffer.concat(pieces), asked.method ?? 'GET', isReset);
}

function read(bytes: Buffer, method: string, isReset: boolean): Answer {
  const end = bytes.indexOf('\r\n\r\n');
  assert.ok(end > 0, `an answer, not ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`);
  const [statusLine, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers: Answer['headers'] = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    const present = headers[name];
    headers[name] = present === undefined ? value : [present, value].flat();
  }
  const status = Number(statusLine.split(' ')[1]);
  let body = bytes.subarray(end + 4);
  let isComplete = !isReset;
  if (method === 'HEAD' || status === 204 || status === 304) {
    assert.equal(body.length, 0, 'a response without content has none');
  } else if (headers['transfer-encoding'] === 'chunked') {
    ({ body, isComplete } = dechunk(body));
  } else if (headers['content-length'] !== undefined) {
    isComplete = body.length === Number(headers['content-length']);
  }
  return { status, headers, body, text: body.toString(), isComplete };
}

function dechunk(bytes: Buffer): { body: Buffer; isComplete: boolean } {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end === -1) return { body: Buffer.concat(chunks), isComplete: false };
    const size = Number.parseInt(rest.toString('latin1', 0, end), 16);
    if (size === 0) return { body: Buffer.concat(chunks), isComplete: true };
    chunks.push(rest.subarray(end + 2, end + 2 + size));
    rest = rest.subarray(end + 2 + size + 2);
  }
}
