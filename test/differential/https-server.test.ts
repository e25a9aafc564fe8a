/** The server of https on TLS sockets: the exchanges of http, and what only TLS has. */
import { once } from 'node:events';
import { createServer as createNetServer } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { inherits } from 'node:util';
import { authority, client as clientCertificate, first, second } from '../fixtures/certificates.js';
import { differ } from './differ.js';
import { duplexPair } from './duplex-pair.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet, post } from './messages.js';
import type { Scene } from './scene.js';
import type { WireClient } from './wire-client.js';

const TLS = { tls: {} };

/** Echoes content. */
function echo(req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse): void {
  let content = '';
  req.on('data', (piece: Buffer) => {
    content += piece.toString('latin1');
  });
  req.on('end', () => res.end(`${req.method} ${req.url} ${content}`));
}

/** The status codes that `client` received. */
function statuses(client: WireClient): string {
  return [...client.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status).join(' ');
}

differ('https: exchanges of one connection', async (scene) => {
  const server = await scene.serveTls(echo);
  const client = scene.connect(server, TLS);
  await client.send(get('/1'));
  await client.until('GET /1');
  await client.send(post('body'));
  await client.until('POST / body');
  await client.send(chunkedPost() + chunk('in') + chunk('pieces') + lastChunk);
  await client.until('inpieces');
  await client.send(get('/2') + lastGet('/3'));
  scene.record(client, await client.closed());
});

differ('https: what a request knows of its socket', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    const socket = req.socket as TLSSocket & { server: unknown };
    scene.log('encrypted', socket.encrypted, socket.authorized, socket.alpnProtocol, socket.servername);
    scene.log('same', socket.server === server, req.connection === socket, res.socket === socket);
    scene.log('half-open', socket.allowHalfOpen, socket.writableHighWaterMark === res.writableHighWaterMark);
    scene.log('cipher', typeof socket.getCipher().name, socket.isSessionReused());
    res.end();
  });
  server.on('secureConnection', (socket) => scene.log('secureConnection', socket.encrypted));
  server.on('connection', (socket) => scene.log('connection', Reflect.get(socket, 'encrypted')));
  const client = scene.connect(server, TLS);
  await client.send(lastGet());
  await client.closed();
});

differ('https: a response larger than any buffer waits for its reader', async (scene) => {
  const pieces = 64;
  const piece = Buffer.alloc(64 * 1024, 'p');
  const server = await scene.serveTls((_req, res) => {
    let written = 0;
    let waits = 0;
    const write = () => {
      while (written < pieces) {
        written++;
        if (!res.write(piece)) {
          waits++;
          res.once('drain', write);
          return;
        }
      }
      res.end(() => scene.log('finished', waits > 0));
    };
    write();
  });
  const client = scene.connect(server, TLS);
  client.socket.pause();
  await client.send(lastGet());
  await scene.turns(50);
  client.socket.resume();
  await client.closed();
  await scene.seen('finished');
  scene.log('content', client.received.split('p').length - 1);
});

differ('https: an upload larger than any buffer waits for its reader', async (scene) => {
  const length = 4 * 1024 * 1024;
  const server = await scene.serveTls((req, res) => {
    let received = 0;
    req.on('readable', () => {
      // One piece at a time.
      setImmediate(() => {
        const piece = req.read();
        if (piece !== null) received += piece.length;
      });
    });
    req.on('end', () => res.end(`${received}`));
  });
  const client = scene.connect(server, TLS);
  await client.send(head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`, 'Connection: close'));
  client.socket.write(Buffer.alloc(length, 'u'));
  await client.closed();
  scene.record(client);
});

differ('https: an upload nobody reads does not block the next request', async (scene) => {
  const server = await scene.serveTls((req, res) => res.end(`answer ${req.url}`));
  const client = scene.connect(server, TLS);
  await client.send(post('u'.repeat(300_000)));
  await client.send(lastGet('/next'));
  await client.closed();
  scene.record(client);
});

differ('https: a paused upload goes on when it is resumed', async (scene) => {
  const length = 1024 * 1024;
  const server = await scene.serveTls((req, res) => {
    let received = 0;
    req.once('data', (piece: Buffer) => {
      received += piece.length;
      req.pause();
      setImmediate(() => {
        req.on('data', (next: Buffer) => {
          received += next.length;
        });
        req.resume();
      });
    });
    req.on('end', () => res.end(`${received}`));
  });
  const client = scene.connect(server, TLS);
  await client.send(head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`, 'Connection: close'));
  client.socket.write(Buffer.alloc(length, 'u'));
  await client.closed();
  scene.record(client);
});

differ('https: a client that ends its side before the response', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.watch('req', req, 'aborted', 'error', 'close', 'end');
    scene.watch('res', res, 'finish', 'error', 'close');
    req.resume();
    req.socket.on('end', () => {
      scene.log('socket end');
      setImmediate(() => res.end('late'));
    });
  });
  const client = scene.connect(server, TLS);
  await client.send(get());
  client.end();
  await client.closed();
  await scene.seen('res close');
  scene.record(client);
});

differ('https: a client that ends its side in the middle of a request', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.watch('req', req, 'aborted', 'error', 'close', 'end');
    scene.watch('res', res, 'finish', 'error', 'close');
    scene.log('request');
  });
  const errors: string[] = [];
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    errors.push(String(error.code));
    socket.destroy();
  });
  const client = scene.connect(server, TLS);
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10'));
  await scene.seen('request');
  client.end();
  await client.closed();
  await scene.seen('res close');
  scene.log('errors', errors);
});

differ('https: a client that resets the connection while it waits', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.watch('req', req, 'aborted', 'error', 'close');
    scene.watch('res', res, 'finish', 'error', 'close');
    scene.log('request');
    req.resume();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code);
    socket.destroy();
  });
  const client = scene.connect(server, TLS);
  await client.send(get());
  await scene.seen('request');
  client.reset();
  await client.closed();
  await scene.seen('res close');
});

differ('https: a connection reset while it is idle', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code);
    socket.destroy();
    socket.on('close', () => scene.log('closed'));
  });
  const client = scene.connect(server, TLS);
  await client.send(get());
  await client.until('ok');
  client.reset();
  await scene.seen('closed');
});

/** Sends `bytes` to a server that waits for a handshake, and then makes an honest request. */
async function beforeHandshake(scene: Scene, bytes: string): Promise<void> {
  const server = await scene.serveTls((req, res) => res.end(`answer ${req.url}`));
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => scene.log('tlsClientError', error.code));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code);
    socket.destroy();
  });
  const plain = scene.connect(server);
  plain.socket.write(bytes, 'latin1');
  await plain.closed();
  scene.log('received', /HTTP/.test(plain.received));
  const client = scene.connect(server, TLS);
  await client.send(lastGet('/honest'));
  await client.closed();
  scene.record(client);
}

differ('https: plain HTTP sent to it', (scene) => beforeHandshake(scene, get('/plain')));

differ('https: bytes that are no TLS', (scene) => beforeHandshake(scene, '\0\xff'.repeat(500)));

differ('https: without a listener of clientError what is no TLS is closed', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  const plain = scene.connect(server);
  plain.socket.write(get('/plain'), 'latin1');
  await plain.closed();
  const client = scene.connect(server, TLS);
  await client.send(lastGet());
  await client.closed();
  scene.log(statuses(client));
});

differ('https: a connection that ends before its handshake', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'));
  scene.watch('server', server, 'tlsClientError', 'clientError');
  server.on('connection', () => scene.log('connection'));
  const client = scene.connect(server);
  await scene.seen('connection');
  client.end();
  await client.closed();
  await scene.seen('server clientError');
});

differ('https: a handshake that takes too long', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'), { handshakeTimeout: 20 });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code, error.message);
    socket.destroy();
  });
  await scene.connect(server).closed();
});

differ('https: bytes within the connection that are no TLS record', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code);
    socket.destroy();
    socket.on('close', () => scene.log('closed'));
  });
  const client = scene.connect(server, TLS);
  await client.send(get());
  await client.until('ok');
  client.sendRaw('GET / HTTP/1.1\r\n\r\n'.repeat(10));
  await scene.seen('closed');
});

differ('https: a malformed request', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'));
  const client = scene.connect(server, TLS);
  await client.send('nonsense\r\n\r\n');
  await client.closed();
  scene.log(statuses(client));
});

differ('https: a malformed request, reported to clientError', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    scene.log('clientError', error.code, (socket as TLSSocket).encrypted);
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  const client = scene.connect(server, TLS);
  await client.send('GET / HTTP/1.1\r\nHost : a\r\n\r\n');
  await client.closed();
  scene.record(client);
});

differ('https: a request that takes too long', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'), {
    ...{ headersTimeout: 10, requestTimeout: 10, connectionsCheckingInterval: 5 },
  });
  const client = scene.connect(server, TLS);
  await client.closed();
  scene.log(statuses(client));
});

differ('https: keepAliveTimeout closes a connection that is idle', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'), {
    keepAliveTimeout: 20,
    keepAliveTimeoutBuffer: 0,
  });
  const client = scene.connect(server, TLS);
  await client.send(get());
  await client.closed();
  scene.record(client);
});

differ('https: setTimeout', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'));
  const returned = server.setTimeout(20, (socket) => {
    scene.log('timeout', (socket as TLSSocket).encrypted);
    socket.destroy();
  });
  scene.log('returned', returned === server, server.timeout);
  const client = scene.connect(server, TLS);
  await client.send(get());
  await client.closed();
});

differ('https: close closes idle connections and lets the others finish', async (scene) => {
  let answer = () => {};
  const server = await scene.serveTls((req, res) => {
    scene.log('request', req.url);
    if (req.url === '/busy') answer = () => res.end('late');
    else res.end('ok');
  });
  const idle = scene.connect(server, TLS);
  await idle.send(get('/idle'));
  await idle.until('ok');
  const busy = scene.connect(server, TLS);
  await busy.send(lastGet('/busy'));
  await scene.seen("request '/busy'");
  scene.log('returned', server.close(() => scene.log('closed')) === server);
  await idle.closed();
  answer();
  await busy.closed();
  await scene.seen('closed');
  scene.record(busy);
});

differ('https: closeIdleConnections and closeAllConnections', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.log('request', req.url);
    if (req.url === '/idle') res.end('ok');
  });
  const idle = scene.connect(server, TLS);
  await idle.send(get('/idle'));
  await idle.until('ok');
  const busy = scene.connect(server, TLS);
  await busy.send(get('/busy'));
  await scene.seen("request '/busy'");
  server.closeIdleConnections();
  await idle.closed();
  scene.log('busy open', !busy.socket.readableEnded);
  server.closeAllConnections();
  await busy.closed();
});

differ('https: asyncDispose closes', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  const client = scene.connect(server, TLS);
  await client.send(get());
  await client.until('ok');
  await scene.turns();
  await server[Symbol.asyncDispose]();
  scene.log('listening', server.listening);
  await client.closed();
});

differ('https: an upgrade', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'));
  server.on('upgrade', (req, socket, first) => {
    scene.log('upgrade', req.url, (socket as TLSSocket).encrypted, first);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.on('data', (piece) => socket.write(piece));
    socket.on('end', () => socket.end());
  });
  const client = scene.connect(server, TLS);
  await client.send(`${get('/', 'Connection: upgrade', 'Upgrade: echo')}first`);
  await client.until('101');
  await client.send('second');
  await client.until('second');
  client.end();
  await client.closed();
  scene.record(client);
});

differ('https: CONNECT', async (scene) => {
  const server = await scene.serveTls(() => scene.log('request'));
  server.on('connect', (req, socket, first) => {
    scene.log('connect', req.url, first);
    socket.end('HTTP/1.1 200 OK\r\n\r\ntunnel');
  });
  const client = scene.connect(server, TLS);
  await client.send(head('CONNECT a:1 HTTP/1.1', 'Host: a:1'));
  await client.closed();
  scene.record(client);
});

differ('https: Expect: 100-continue', async (scene) => {
  const server = await scene.serveTls(echo);
  const client = scene.connect(server, TLS);
  await client.send(
    head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Expect: 100-continue', 'Connection: close'),
  );
  await client.until('100 Continue');
  await client.send('body');
  await client.closed();
  scene.record(client);
});

differ('https: client certificates', async (scene) => {
  const server = await scene.serveTls(
    (req, res) => {
      const socket = req.socket as TLSSocket;
      const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
      scene.log('authorized', socket.authorized, String(socket.authorizationError), subject?.CN);
      res.end();
    },
    {
      requestCert: true,
      rejectUnauthorized: false,
      ca: authority,
    },
  );
  for (const tls of [clientCertificate, {}]) {
    const client = scene.connect(server, { tls });
    await client.send(lastGet());
    await client.closed();
  }
});

differ('https: a client certificate that is demanded', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'), { requestCert: true });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => scene.log('tlsClientError', error.code));
  const without = scene.connect(server, TLS);
  without.socket.write(lastGet());
  await without.closed();
  scene.log('received', without.received);
});

function namesOfCertificates(scene: Scene, client: WireClient): Promise<void> {
  return once(client.socket, 'secureConnect').then(() => {
    scene.log('certificate', (client.socket as TLSSocket).getPeerCertificate().subject.CN);
  });
}

differ('https: SNI, by contexts', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.log('servername', (req.socket as TLSSocket).servername);
    res.end();
  });
  server.addContext('*.test', second);
  for (const servername of ['localhost', 'second.test']) {
    const client = scene.connect(server, { tls: { servername } });
    const named = namesOfCertificates(scene, client);
    await client.send(lastGet());
    await named;
    await client.closed();
  }
});

differ('https: SNI, by callback', async (scene) => {
  const { createSecureContext } = await import('node:tls');
  const server = await scene.serveTls((_req, res) => res.end(), {
    SNICallback(servername, done) {
      scene.log('SNICallback', servername);
      done(null, createSecureContext(second));
    },
  });
  const client = scene.connect(server, { tls: { servername: 'second.test' } });
  const named = namesOfCertificates(scene, client);
  await client.send(lastGet());
  await named;
  await client.closed();
});

differ('https: setSecureContext changes the certificate of the next connections', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  for (const [servername, context] of [
    ['localhost', second],
    ['second.test', first],
  ] as const) {
    const client = scene.connect(server, { tls: { servername } });
    await namesOfCertificates(scene, client);
    server.setSecureContext(context);
    await client.send(lastGet());
    await client.closed();
    scene.log(statuses(client));
  }
});

differ('https: ticket keys', async (scene) => {
  const server = await scene.serveTls();
  const keys = server.getTicketKeys();
  scene.log('length', keys.length);
  const other = scene.https.createServer();
  other.setTicketKeys(keys);
  scene.log('same', other.getTicketKeys().equals(keys));
});

differ('https: a session is resumed', async (scene) => {
  const server = await scene.serveTls((req, res) => {
    scene.log('reused', (req.socket as TLSSocket).isSessionReused());
    res.end('ok');
  });
  const one = scene.connect(server, TLS);
  const session = once(one.socket, 'session').then(([value]) => value as Buffer);
  await one.send(lastGet());
  await one.closed();
  const two = scene.connect(server, { tls: { session: await session } });
  await two.send(lastGet());
  await two.closed();
});

differ('https: keylog', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  server.once('keylog', (line, socket) => scene.log('keylog', Buffer.isBuffer(line), socket.encrypted));
  const client = scene.connect(server, TLS);
  await client.send(lastGet());
  await client.closed();
});

/** What each of these clients agrees on with the server. */
async function negotiated(scene: Scene, options: import('node:https').ServerOptions): Promise<void> {
  const server = await scene.serveTls((req, res) => {
    scene.log('server', (req.socket as TLSSocket).alpnProtocol);
    res.end('ok');
  }, options);
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => scene.log('tlsClientError', error.code));
  for (const ALPNProtocols of [undefined, ['http/1.1'], ['h2', 'http/1.1'], ['h2']]) {
    const client = scene.connect(server, { tls: { ALPNProtocols } });
    client.socket.write(lastGet());
    await client.closed();
    scene.log('client', (client.socket as TLSSocket).alpnProtocol, statuses(client));
  }
}

differ('https: ALPN', (scene) => negotiated(scene, {}));

differ('https: ALPN with protocols given', (scene) => negotiated(scene, { ALPNProtocols: ['h2', 'x'] }));

differ('https: ALPN by callback', (scene) =>
  negotiated(scene, {
    ALPNCallback: ({ servername, protocols }) => {
      scene.log('ALPNCallback', servername, protocols);
      return protocols.at(-1);
    },
  }),
);

differ('https: what a server has', (scene) => {
  const server = scene.https.createServer();
  const names = [
    ...[
      'timeout',
      'keepAliveTimeout',
      'maxHeadersCount',
      'maxHeaderSize',
      'headersTimeout',
      'requestTimeout',
    ],
    ...['httpAllowHalfOpen', 'ALPNProtocols', 'allowHalfOpen', 'noDelay', 'keepAlive'],
    ...['keepAliveInitialDelay', 'highWaterMark', 'insecureHTTPParser', 'joinDuplicateHeaders'],
    ...['requireHostHeader', 'rejectNonStandardBodyWrites', 'requestCert', 'rejectUnauthorized'],
  ];
  for (const name of names) scene.log(name, Reflect.get(server, name));
  for (const event of server.eventNames().map(String).sort()) {
    const listeners = server.listeners(event) as unknown as { name: string }[];
    scene.log(event, listeners.length);
  }
  scene.log('instance', server instanceof scene.https.Server, server instanceof scene.http.Server);
  const { Server } = scene.https;
  scene.log(
    'parents',
    Object.getPrototypeOf(Server).name,
    Object.getPrototypeOf(Server.prototype).constructor.name,
  );
  for (const name of ['closeAllConnections', 'closeIdleConnections', 'setTimeout']) {
    scene.log(name, Reflect.get(Server.prototype, name) === Reflect.get(scene.http.Server.prototype, name));
  }
});

differ('https: options that go on to net and tls', (scene) => {
  const server = scene.https.createServer({
    ...{ noDelay: false, keepAlive: true, keepAliveInitialDelay: 5, highWaterMark: 1000 },
    ...{ allowHalfOpen: true, requestCert: true, rejectUnauthorized: false },
    ALPNProtocols: ['x'],
  });
  const names = ['noDelay', 'keepAlive', 'keepAliveInitialDelay', 'highWaterMark', 'allowHalfOpen'];
  for (const name of [...names, 'requestCert', 'rejectUnauthorized', 'ALPNProtocols']) {
    scene.log(name, Reflect.get(server, name));
  }
});

differ('https: arguments', (scene) => {
  const { createServer, Server } = scene.https;
  const create = createServer as unknown as (...args: unknown[]) => import('node:https').Server;
  const listener = () => {};
  const count = (...args: unknown[]) => create(...args).listenerCount('request');
  scene.log(
    'listeners',
    count(),
    count(listener),
    count({}, listener),
    count(null, listener),
    count(undefined),
  );
  for (const options of [[], 'text', 5, true]) scene.attempt('options', () => create(options) && 'made');
  scene.attempt('maxHeaderSize', () => create({ maxHeaderSize: 'x' }));
  scene.attempt('timeouts', () => create({ headersTimeout: 10, requestTimeout: 5 }));
  scene.attempt('key', () => create({ key: 5 }));
  scene.attempt('SNICallback', () => create({ SNICallback: 1 }));
  scene.attempt('handshakeTimeout', () => create({ handshakeTimeout: 'x' }));
  scene.attempt('ALPN', () => create({ ALPNProtocols: ['x'], ALPNCallback: () => 'x' }));
  scene.attempt('both wrong', () => create({ key: 5, maxHeaderSize: 'x' }));
  const call = Server as unknown as (options: object) => import('node:https').Server;
  scene.log('without new', call({}) instanceof Server, call.length, create.length);
  const options = Object.freeze({ ...first });
  scene.log('frozen options', createServer(options) instanceof Server);
});

differ('https: servers that inherit', async (scene) => {
  const { Server } = scene.https;
  class Extended extends Server {
    override emit(event: string, ...args: unknown[]): boolean {
      if (event === 'request') scene.log('emit', event);
      return super.emit(event as 'request', ...(args as [never, never]));
    }
  }
  function Old(this: import('node:https').Server, ...args: unknown[]) {
    (Server as unknown as (this: unknown, ...args: unknown[]) => void).call(this, ...args);
  }
  inherits(Old, Server);
  const constructors = [Extended, Old as unknown as typeof Extended];
  for (const Constructor of constructors) {
    const server = await scene.listen(new Constructor(first, (_req, res) => res.end('ok')));
    const client = scene.connect(server, TLS);
    await client.send(lastGet());
    await client.closed();
    scene.log('answered', statuses(client), server instanceof Server);
  }
});

differ('https: a connection handed in from another server', async (scene) => {
  const inner = scene.https.createServer(first, (_req, res) => res.end('inner'));
  const outer = await scene.listen(createNetServer((socket) => inner.emit('connection', socket)));
  const client = scene.connect(outer, TLS);
  await client.send(lastGet());
  await client.closed();
  scene.record(client);
});

differ('https: a socket without TLS given to secureConnection', async (scene) => {
  const inner = scene.https.createServer((_req, res) => res.end('inner'));
  const outer = await scene.listen(createNetServer((socket) => inner.emit('secureConnection', socket)));
  await scene.exchange(outer, lastGet());
});

differ('https: maxRequestsPerSocket', async (scene) => {
  const server = await scene.serveTls((_req, res) => res.end('ok'));
  server.maxRequestsPerSocket = 1;
  const client = scene.connect(server, TLS);
  await client.send(get());
  await client.closed();
  scene.record(client);
});

differ('https: a half-open connection is answered', async (scene) => {
  const server = await scene.serveTls(
    (req, res) => {
      scene.log('request', (req.socket as TLSSocket).allowHalfOpen);
      req.socket.on('end', () => {
        scene.log('end');
        setImmediate(() => res.end('late'));
      });
      req.resume();
    },
    { allowHalfOpen: true },
  );
  Reflect.set(server, 'httpAllowHalfOpen', true);
  const client = scene.connect(server, { allowHalfOpen: true, tls: { allowHalfOpen: true } as never });
  await client.send(get());
  await scene.seen('request');
  client.end();
  await client.closed();
  scene.record(client);
});

differ('https: TLS over any Duplex', async (scene) => {
  const server = scene.https.createServer(first, (req, res) => {
    scene.log('request', req.url, (req.socket as TLSSocket).encrypted);
    let length = 0;
    req.on('data', (piece: Buffer) => {
      length += piece.length;
    });
    req.on('end', () => res.end(`${length} ${'r'.repeat(200_000)}`));
  });
  const [ours, theirs] = duplexPair();
  server.emit('connection', ours);
  const client = connectTls({ socket: theirs, ca: authority, servername: 'localhost' });
  let received = '';
  client.on('data', (piece: Buffer) => {
    received += piece.toString('latin1');
  });
  const ended = once(client, 'end');
  client.write(head('POST /1 HTTP/1.1', 'Host: a', 'Content-Length: 200000') + 'u'.repeat(200_000));
  client.write(lastGet('/2'));
  await ended;
  scene.log('received', received.length, received.split('HTTP/1.1 200 OK').length - 1);
  client.destroy();
});
