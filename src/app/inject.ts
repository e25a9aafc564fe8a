/**
 * A request without a network: through the real server and the real client of barewire, over a pair of streams. What
 * a test sees so is what a client would.
 */
import { Buffer } from 'node:buffer';
import type * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { ClientRequest } from '../http/client-request.js';

/** What to send. */
export interface InjectOptions {
  /** Default GET, or POST with a body. */
  method?: string;
  /** The request-target. Default '/'. */
  url?: string;
  headers?: nodeHttp.OutgoingHttpHeaders;
  /** Strings and bytes are sent as they are; anything else as JSON, with its Content-Type. */
  body?: unknown;
}

/** What came back. */
export interface Injected {
  readonly status: number;
  readonly headers: nodeHttp.IncomingHttpHeaders;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: string[];
  readonly trailers: NodeJS.Dict<string>;
  readonly bytes: Buffer;
  /** The content as UTF-8. */
  readonly text: string;
  /** The content as JSON. @throws SyntaxError */
  json(): unknown;
}

function isSentAsIs(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}

/** Sends one request to a server that need not listen. Rejects where no whole response comes. */
export function inject(server: nodeHttp.Server, options: InjectOptions): Promise<Injected> {
  const { url = '/', headers = {}, body } = options;
  const content = body === undefined || isSentAsIs(body) ? body : JSON.stringify(body);
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  return new Promise((resolve, reject) => {
    const [ours, theirs] = duplexPair();
    const request = new ClientRequest({
      method,
      path: url,
      host: 'localhost',
      headers: {
        ...(body === undefined || isSentAsIs(body) ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      createConnection: () => ours as Socket,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString('utf8');
        resolve({
          status: response.statusCode as number,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          trailers: response.trailers,
          bytes,
          text,
          json: () => JSON.parse(text) as unknown,
        });
      });
    });
    // A network would tell of it.
    theirs.on('close', () => {
      if (!theirs.writableFinished) ours.destroy();
    });
    server.emit('connection', theirs);
    request.end(content);
  });
}
