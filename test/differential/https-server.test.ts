/** The server of https: the exchanges of http on TLS sockets, and how they end. */
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { authority, first } from '../fixtures/certificates.js';
import { differ } from './differ.js';
import { duplexPair } from './duplex-pair.js';
import { echo, statuses, TLS } from './https-messages.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet, post } from './messages.js';

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
