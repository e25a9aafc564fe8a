/** The server of https, and clients that speak no TLS, break off, or send what is no request. */
import type { TLSSocket } from 'node:tls';
import { differ } from './differ.js';
import { statuses, TLS } from './https-messages.js';
import { get, head, lastGet } from './messages.js';
import type { Scene } from './scene.js';

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
