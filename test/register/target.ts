/** The server that clients talk to: node:http's own, and it remembers what it was asked, by which connection. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { WebSocketServer } from './packages.js';

/** One request as it arrived. */
export interface Arrived {
  connection: number;
  request: string;
  fields: string[];
  content: string;
}

export interface Target {
  base: string;
  /** Where nobody listens. */
  refused: string;
  arrived: Arrived[];
  close(): void;
}

type Handler = (req: http.IncomingMessage, res: http.ServerResponse, content: Buffer) => void;

/** Boundaries of multipart content and keys of WebSockets are random, and the port is another one each time. */
function withoutChance(text: string, boundary: string | undefined): string {
  const plain = text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:(port)');
  return boundary === undefined ? plain : plain.replaceAll(boundary, '(boundary)');
}

const json = (value: unknown) => JSON.stringify(value);
const sha = (content: Buffer) => createHash('sha256').update(content).digest('hex');

const handlers: Record<string, Handler> = {
  '/json': (req, res) => {
    const content = json({ method: req.method, url: req.url });
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': content.length }).end(content);
  },
  '/echo': (req, res, content) => {
    const type = req.headers['content-type']?.split(';')[0] ?? 'text/plain';
    // Its boundary is random.
    if (type === 'multipart/form-data') res.writeHead(201, { 'Content-Type': 'text/plain' }).end('a form');
    else res.writeHead(201, { 'Content-Type': type }).end(content);
  },
  '/upload': (_req, res, content) => res.end(`${content.length} bytes, ${sha(content)}`),
  '/connection': (req, res) => res.end(String((req.socket as Numbered).number)),
  '/trailers': (_req, res) => {
    res.writeHead(200, { Trailer: 'X-Sum' });
    res.write('a');
    res.addTrailers({ 'X-Sum': '1' });
    res.end('b');
  },
  '/cookies': (_req, res) => res.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; Path=/; HttpOnly']).end(),
  '/gzip': (_req, res) =>
    res
      .writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' })
      .end(gzipSync('{"gzip":1}')),
  '/br': (_req, res) =>
    res
      .writeHead(200, { 'Content-Encoding': 'br', 'Content-Type': 'application/json' })
      .end(brotliCompressSync('{"br":1}')),
  '/large': (_req, res) => res.end(Buffer.alloc(500_000, 'large ')),
  '/redirect-303': (_req, res) => res.writeHead(303, { Location: '/json' }).end('see there'),
  '/redirect-307': (_req, res) => res.writeHead(307, { Location: '/echo' }).end(),
  '/continue': (_req, res, content) => res.end(content),
  '/hangup': (req) => req.socket.destroy(),
  '/partial': (req, res) => {
    res.writeHead(200, { 'Content-Length': 100 });
    res.write('only this', () => req.socket.destroy());
  },
  '/partial-chunked': (req, res) => res.write('only this', () => req.socket.destroy()),
  '/half': (_req, res) => res.write('and then nothing'),
  '/garbage': (req) => req.socket.end('this is no HTTP\r\n\r\n'),
  // Never answered.
  '/slow': () => {},
};

interface Numbered extends Socket {
  number: number;
}

/** Starts one; every client has its own, so that connections can be counted. */
export async function openTarget(): Promise<Target> {
  const arrived: Arrived[] = [];
  let connections = 0;
  let flaky = 0;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  sockets.on('connection', (socket) => {
    socket.on('message', (message: Buffer, isBinary: boolean) => socket.send(message, { binary: isBinary }));
  });

  const note = (req: http.IncomingMessage, content: Buffer) => {
    const boundary = req.headers['content-type']?.match(/boundary="?([^";]+)/)?.[1];
    const key = req.headers['sec-websocket-key'];
    arrived.push({
      // Of several at once, which goes by which connection is chance.
      connection: req.url === '/connection?any' ? 0 : (req.socket as Numbered).number,
      request: `${req.method} ${req.url} HTTP/${req.httpVersion}`,
      fields: req.rawHeaders.map((text) => (text === key ? '(key)' : withoutChance(text, boundary))),
      content:
        content.length > 2000
          ? `${content.length} bytes`
          : withoutChance(content.toString('latin1'), boundary),
    });
  };

  const server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer);
    } catch {
      // It went away.
      return;
    }
    const content = Buffer.concat(chunks);
    note(req, content);
    const path = req.url?.split('?')[0] ?? '';
    const [, name, number] = path.match(/^\/(redirect|status)\/(\d+)$/) ?? [];
    if (name === 'redirect') {
      res
        .writeHead(302, { Location: number === '1' ? '/json' : `/redirect/${Number(number) - 1}` })
        .end('elsewhere');
    } else if (name === 'status') {
      res.writeHead(Number(number)).end(number === '204' ? undefined : json({ status: number }));
    } else if (path === '/flaky') {
      res.writeHead(flaky++ === 0 ? 503 : 200).end('flaky');
    } else if (path in handlers) {
      handlers[path](req, res, content);
    } else {
      res.writeHead(404).end();
    }
  });
  server.on('connection', (socket: Numbered) => {
    socket.number = ++connections;
  });
  server.on('upgrade', (req, socket: Socket, head) => {
    note(req, Buffer.alloc(0));
    socket.on('error', () => {});
    if (req.url === '/upgrade') {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    } else if (req.url === '/ws') {
      sockets.handleUpgrade(req, socket, head, (client) => sockets.emit('connection', client, req));
    } else if (req.url === '/ws-redirect') {
      socket.end('HTTP/1.1 302 Found\r\nLocation: /ws\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } else if (req.url?.startsWith('/status/')) {
      socket.end(`HTTP/1.1 ${req.url.slice(8)} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    } else if (req.url === '/hangup') {
      socket.destroy();
    }
  });
  server.listen(0, '127.0.0.1');

  // Nobody gets this port while we hold it closed for as long as the test takes: it was free a moment ago.
  const gone = createNetServer().listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(gone, 'listening')]);
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: `http://127.0.0.1:${port}`,
    arrived,
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const client of sockets.clients) client.terminate();
    },
  };
}
