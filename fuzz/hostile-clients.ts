/** Clients that do anything at any moment, to a server whose listeners throw. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type Duplex, pipeline, Readable } from 'node:stream';
import * as http from 'barewire/http';
import { Choices } from '../test/wire/generate.js';
import { atATime, eventually, mishap, turns } from './mishap.js';

type Handler = (req: http.IncomingMessage, res: http.ServerResponse) => unknown;

const block = Buffer.alloc(64 * 1024, 'block ');

/** Handlers by the path that asks for them. */
const HANDLERS: Record<string, Handler> = {
  answer: (_req, res) => res.end('ok'),
  later: (_req, res) => setImmediate(() => res.end('ok')),
  large: (_req, res) => res.end(Buffer.alloc(1024 * 1024)),
  pieces: (_req, res) => Readable.from(Array.from({ length: 20 }, () => block)).pipe(res),
  never: () => {},
  begun: (_req, res) => res.writeHead(200).write('begun'),
  echo: (req, res) => req.pipe(res),
  pipeline: (req, res) => pipeline(req, res, () => {}),
  iterate: async (req, res) => {
    try {
      for await (const _ of req) break;
      res.end('read');
    } catch {
      res.destroy();
    }
  },
  read: (req, res) =>
    req
      .on('error', () => {})
      .on('data', () => {})
      .on('end', () => res.end('read')),
  pause: (req) => req.once('data', () => req.pause()),
  trailers: (_req, res) => {
    res.write('content');
    res.addTrailers({ 'X-T': 'v' });
    res.end();
  },
  interim: (_req, res) => {
    res.writeEarlyHints({ link: '</a>; rel=preload' });
    res.writeProcessing();
    res.end('ok');
  },
  signal: (req) => (req.signal as AbortSignal | undefined)?.addEventListener('abort', mishap),
  timeout: (req) => req.setTimeout(5, mishap),
  twice: (_req, res) => {
    res.on('error', mishap).end('once');
    res.end('twice');
  },
  destroyRequest: (req) => req.destroy(),
  destroyResponse: (_req, res) => res.destroy(),
  destroyWithError: (req) => req.on('error', mishap).destroy(new Error('destroyed')),
  destroySocket: (req) => req.socket.destroy(),
  endSocket: (req) => req.socket.end('not even HTTP'),
  throw: mishap,
  reject: async () => mishap(),
  throwAtData: (req) => req.on('data', mishap),
  throwAtEnd: (req) => req.on('end', mishap).resume(),
  throwAtError: (req) => req.on('error', mishap).resume(),
  throwAtAborted: (req) => req.on('aborted', mishap).resume(),
  throwAtClose: (req, res) => {
    req.on('close', mishap);
    res.on('close', mishap);
    res.end('ok');
  },
  throwAtFinish: (_req, res) => res.on('finish', mishap).end('ok'),
  throwAtDrain: (req, res) => {
    res.on('drain', mishap);
    while (res.write(block) && req.method !== 'HEAD');
  },
  throwInCallback: (_req, res) => res.end('ok', mishap),
};

const PATHS = Object.keys(HANDLERS);
/**
 * Behind a request that is never answered, more content than the stream holds would stop the reading, and with it the
 * end of the connection would not be seen: as in node:http.
 */
const SMALL_PATHS = PATHS.filter((path) => !/large|pieces|echo|pipeline|Drain/.test(path));

function hostileRequest(choices: Choices, isFirst: boolean): string {
  const path = choices.oneOf(isFirst ? PATHS : SMALL_PATHS);
  const fields = ['Host: a'];
  if (choices.rarely(6)) fields.push('Expect: 100-continue');
  if (choices.rarely(12)) fields.push('Expect: the-unexpected');
  if (choices.rarely(8)) fields.push('Connection: close');
  if (choices.rarely(8)) fields.push('Connection: upgrade', 'Upgrade: echo');
  const lines = (method: string, ...more: string[]) =>
    `${[`${method} /${path} HTTP/1.${choices.rarely(8) ? 0 : 1}`, ...fields, ...more].join('\r\n')}\r\n\r\n`;
  switch (choices.below(6)) {
    case 0: {
      const length = choices.oneOf([1, 100, 200_000]);
      return lines('POST', `Content-Length: ${length}`) + 'c'.repeat(length);
    }
    case 1:
      return `${lines('PUT', 'Transfer-Encoding: chunked')}5\r\nhello\r\n6\r\n world\r\n0\r\nX-T: v\r\n\r\n`;
    case 2:
      return `CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n${choices.rarely(2) ? 'tunnel' : ''}`;
    case 3:
      return lines('HEAD');
    default:
      return lines('GET');
  }
}

const GARBAGE = [
  '\0',
  '\r\n',
  '\r',
  '\n',
  ' ',
  '\xff\xfe',
  'GET',
  ':',
  'ffffffffffffffff\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
];

/** One connection, from its first byte to its end: which comes at any moment. */
async function attack(port: number, choices: Choices): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: choices.rarely(2) });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  if (choices.rarely(3)) socket.pause();
  else socket.resume();
  let text = hostileRequest(choices, true);
  for (let count = choices.below(4); count > 0; count--) text += hostileRequest(choices, false);
  if (choices.rarely(4)) {
    const at = choices.below(text.length);
    text = text.slice(0, at) + choices.oneOf(GARBAGE) + text.slice(at);
  }
  if (choices.rarely(3)) text = text.slice(0, choices.below(text.length));
  for (let at = 0; at < text.length; ) {
    const next = choices.rarely(3) ? at + 1 + choices.below(text.length - at) : text.length;
    socket.write(text.slice(at, next), 'latin1');
    at = next;
    if (choices.rarely(2)) await turns(choices.below(4));
  }
  await leave(socket, choices);
  await closed;
}

async function leave(socket: Socket, choices: Choices): Promise<void> {
  await turns(choices.oneOf([0, 0, 1, 3, 30]));
  const halfCloses = choices.rarely(3);
  if (halfCloses) {
    socket.end();
    await turns(choices.oneOf([1, 5, 50]));
  }
  // Node cannot reset what it has half-closed.
  if (choices.rarely(2) && !halfCloses) socket.resetAndDestroy();
  else socket.destroy();
}

function hostedServer(choices: Choices): http.Server {
  const server = http.createServer(
    {
      connectionsCheckingInterval: 20,
      headersTimeout: 100,
      requestTimeout: 200,
      keepAliveTimeout: 30,
      keepAliveTimeoutBuffer: 0,
      captureRejections: choices.rarely(2),
    } as http.ServerOptions,
    (req, res) => HANDLERS[String(req.url).slice(1)]?.(req, res),
  );
  if (choices.rarely(2)) server.maxRequestsPerSocket = 3;
  if (choices.rarely(2)) server.timeout = 50;
  const rarely = (act: (...args: never[]) => unknown) => (choices.rarely(5) ? mishap() : act());
  if (choices.rarely(2)) {
    server.on('clientError', (_error, socket: Duplex) => {
      rarely(() => (choices.rarely(2) ? socket.destroy() : socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    });
  }
  if (choices.rarely(2)) {
    for (const event of ['upgrade', 'connect'] as const) {
      server.on(event, (_req, socket: Duplex) => {
        socket
          .on('error', () => {})
          .resume()
          .on('end', () => socket.end());
        rarely(() => {});
      });
    }
  }
  if (choices.rarely(2)) {
    server.on('checkContinue', (req, res) => {
      rarely(() => res.writeContinue());
      server.emit('request', req, res);
    });
  }
  server.on('connection', () => {
    if (choices.rarely(20)) mishap();
  });
  server.on('dropRequest', () => rarely(() => {}));
  return server;
}

/** The server's own account of its connections. */
function keepsNothing(server: http.Server): boolean {
  const key = Object.getOwnPropertySymbols(server).find((symbol) => symbol.description === 'barewire.server');
  const { connections, idleConnections } = Reflect.get(server, key as symbol) as {
    connections: { size: number };
    idleConnections: { first: unknown };
  };
  return connections.size === 0 && idleConnections.first === null;
}

/** Has so many connections attack servers. Returns what was found. */
export async function attackServers(seed: number, rounds: number): Promise<string[]> {
  const findings: string[] = [];
  const perServer = 100;
  for (let begun = 0; begun < rounds; begun += perServer) {
    const choices = new Choices(seed + begun);
    const server = hostedServer(choices);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const count = Math.min(perServer, rounds - begun);
    await atATime(16, count, (n) => attack(port, new Choices(seed + begun + n)));
    const connections = () =>
      new Promise<number>((resolve) => server.getConnections((_error, left) => resolve(left)));
    const where = `seed ${seed + begun}`;
    if (!(await eventually(5000, async () => (await connections()) === 0))) {
      findings.push(`${where}: ${await connections()} connections are left`);
      server.closeAllConnections();
    }
    if (!(await eventually(2000, () => keepsNothing(server)))) {
      findings.push(`${where}: connections in the server's own lists`);
    }
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
  return findings;
}
