/** What each scenario sends, and the answer that every subject must give to it. */
import { API_SCENARIOS } from './api/scenarios.js';
import type { FrameworkName } from './frameworks.js';
import { type Exchange, type ExpectedResponse, request, response, responseOfFields } from './messages.js';

/**
 * Who makes the load: `wrk`, or our own process over `node:net` for the two things that wrk is no good at,
 * large uploads and thousands of connections that do nothing. With `client` it is the subject that makes requests, to
 * a server that answers with constants, and the client's process is what is measured.
 */
export type Load = 'wrk' | 'upload' | 'idle' | 'client';

/** What the subjects of a scenario are. */
export type Side = 'server' | 'client' | 'framework';

export interface Scenario extends Exchange {
  readonly name: string;
  readonly title: string;
  readonly load: Load;
  /** The framework that serves it, as it is, on `node:http` or what takes its place. */
  readonly framework?: FrameworkName;
  /** It asks for the API of `api/table.ts`, which each framework serves in its own way. */
  readonly isApi?: boolean;
  /** Over TLS. */
  readonly secure?: boolean;
  /** Connections of this scenario, if it does not leave that to `--connections`. */
  readonly connections?: number;
  /** Sent in turn with the first request, with the answers to them. */
  readonly inTurn?: readonly Exchange[];
  /** What else must be right before anything is measured. */
  readonly checks?: {
    readonly exchanges: readonly Exchange[];
    readonly refusals: readonly { readonly request: Buffer; readonly status: number }[];
  };
  /** What the request has as content. */
  readonly content?: Buffer;
  /** How many requests are sent before an answer is waited for. */
  readonly pipelined: number;
}

/** Connections that wait to be accepted: 10,000 come faster than a backlog of 511 is emptied. */
export const BACKLOG = 4096;

export const UPLOAD_LENGTH = 4 * 1024 * 1024;
export const LARGE_CONTENT = Buffer.alloc(64 * 1024, 'barewire ');
export const WRITE_COUNT = 16;
export const WRITTEN_LINE = `${'written piece by piece '.repeat(45).slice(0, 1023)}\n`;

const ECHOED = Buffer.from(JSON.stringify({ echo: 'e'.repeat(1536 - '{"echo":""}'.length) }));

const BROWSER_FIELDS = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  'Cache-Control: max-age=0',
  'Cookie: session=0f8fad5b-d9cb-469f-a165-70867728950e; theme=dark; consent=all',
  'Referer: http://127.0.0.1/products?page=2',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: same-origin',
  'Upgrade-Insecure-Requests: 1',
];

// `writeHead()` sends the header section off without a length, so `node:http` answers in chunks even if only
// `end()` follows. The same holds for whoever takes its place.
const CHUNKED = 'Transfer-Encoding: chunked';

/** What a hello says. */
export const HELLO_WORLD = { hello: 'world' };
const HELLO_TEXT = JSON.stringify(HELLO_WORLD);

const HELLO = {
  load: 'wrk',
  request: request('GET /'),
  pipelined: 1,
  response: response('application/json', CHUNKED, HELLO_TEXT),
} as const;

const CLOSED_HELLO: ExpectedResponse = {
  ...HELLO.response,
  fields: ['Content-Type: application/json', 'Connection: close', CHUNKED],
};

/** Hello by a framework, whose own these field lines are. */
function framework(name: FrameworkName, title: string, ...fields: string[]): Scenario {
  return {
    ...HELLO,
    name,
    title: `hello JSON by ${title}`,
    framework: name,
    response: responseOfFields(fields, HELLO_TEXT),
  };
}

const SMALL_JSON = JSON.stringify({ id: 4711, name: 'a small answer', tags: ['one', 'two'], ok: true });

const CLIENT = {
  load: 'client',
  request: request('GET /'),
  pipelined: 1,
  response: response('application/json', `Content-Length: ${SMALL_JSON.length}`, SMALL_JSON),
} as const;

export const SCENARIOS: readonly Scenario[] = [
  { ...HELLO, name: 'hello', title: 'hello JSON' },
  {
    ...HELLO,
    name: 'browser-headers',
    title: "hello JSON, a browser's 12 header fields",
    request: request('GET /', BROWSER_FIELDS),
  },
  {
    name: 'echo',
    title: 'POST echo of 1.5 KiB',
    load: 'wrk',
    request: request('POST /echo', ['Content-Type: application/json'], ECHOED),
    pipelined: 1,
    response: response('text/plain', CHUNKED, ECHOED),
  },
  {
    name: 'large',
    title: '64 KiB response',
    load: 'wrk',
    request: request('GET /large'),
    pipelined: 1,
    response: response('application/octet-stream', `Content-Length: ${LARGE_CONTENT.length}`, LARGE_CONTENT),
  },
  {
    name: 'writes',
    title: '16 writes of 1 KiB, no Content-Length',
    load: 'wrk',
    request: request('GET /writes'),
    pipelined: 1,
    response: response('text/plain', CHUNKED, WRITTEN_LINE.repeat(WRITE_COUNT)),
  },
  { ...HELLO, name: 'pipelined', title: '16 requests pipelined', pipelined: 16 },
  {
    name: 'upload',
    title: '4 MiB uploads',
    load: 'upload',
    connections: 8,
    request: request('POST /upload', [], Buffer.alloc(UPLOAD_LENGTH, 'u')),
    pipelined: 1,
    response: response('text/plain', CHUNKED, String(UPLOAD_LENGTH)),
  },
  {
    ...HELLO,
    name: 'connection-per-request',
    title: 'a connection per request',
    request: request('GET /', ['Connection: close']),
    response: CLOSED_HELLO,
  },
  { ...HELLO, name: 'idle', title: '10,000 idle keep-alive connections', load: 'idle', connections: 10_000 },
  { ...HELLO, name: 'https', title: 'hello JSON over TLS', secure: true },
  {
    ...HELLO,
    name: 'https-connection-per-request',
    title: 'a TLS connection per request',
    secure: true,
    request: request('GET /', ['Connection: close']),
    response: CLOSED_HELLO,
  },
  framework(
    ...([
      'express',
      'Express',
      'X-Powered-By: Express',
      'Content-Type: application/json; charset=utf-8',
    ] as const),
    ...[`Content-Length: ${HELLO_TEXT.length}`, 'ETag: W/"11-IkjuL6CqqtmReFMfkkvwC0sKj04"'],
  ),
  framework(
    ...(['koa', 'Koa', 'Content-Type: application/json; charset=utf-8'] as const),
    `Content-Length: ${HELLO_TEXT.length}`,
  ),
  framework(
    ...(['fastify', 'Fastify', 'content-type: application/json; charset=utf-8'] as const),
    `content-length: ${HELLO_TEXT.length}`,
  ),
  ...API_SCENARIOS,
  { ...CLIENT, name: 'client', title: 'GET of a small JSON text' },
  {
    ...CLIENT,
    name: 'client-post',
    title: 'POST of 1.5 KiB',
    request: request('POST /', ['Content-Type: application/json'], ECHOED),
    content: ECHOED,
  },
  { ...CLIENT, name: 'client-https', title: 'GET of a small JSON text over TLS', secure: true },
];

/** The scenario of that name; the options have been checked before. */
export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is named ${name}`);
  return scenario;
}

export function sideOf({ load, isApi }: Scenario): Side {
  if (isApi) return 'framework';
  return load === 'client' ? 'client' : 'server';
}

/** What is sent, in turn. */
export function exchangesOf(scenario: Scenario): readonly Exchange[] {
  return [scenario, ...(scenario.inTurn ?? [])];
}

/** Does the scenario's request ask for the connection to be closed? */
export function closesConnection(scenario: Scenario): boolean {
  return scenario.response.fields.includes('Connection: close');
}
