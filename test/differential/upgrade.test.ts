import type { Duplex } from 'node:stream';
import { differ, differNewest } from './differ.js';
import { chunk, get, head, lastGet } from './messages.js';

const upgrading = get('/chat', 'Connection: Upgrade', 'Upgrade: chat');
const connecting = head('CONNECT example.test:443 HTTP/1.1', 'Host: example.test:443');
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n';

differ('an upgrade listener gets req, the socket and the head', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('upgrade', (req, socket, first) => {
    scene.log(
      'upgrade',
      req.method,
      req.url,
      req.headers.upgrade,
      Reflect.get(req, 'upgrade'),
      req.httpVersion,
    );
    scene.log('head', first, Buffer.isBuffer(first), 'same socket', socket === req.socket);
    socket.write(switching);
    socket.on('data', (data) => {
      scene.log('data', data);
      socket.end('bye');
    });
    socket.on('end', () => scene.log('socket end'));
  });
  const client = scene.connect(server);
  await client.send(upgrading);
  await client.until('\r\n\r\n');
  await client.send('hello');
  await client.closed();
  scene.record(client);
});

differ('bytes behind the head of an upgrade are its head argument', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('upgrade', (_req, socket, first) => {
    scene.log('head', first);
    socket.end(switching);
  });
  await scene.exchange(server, `${upgrading}first bytes`);
});

differ('the parser lets go of an upgraded socket', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('upgrade', (req, socket) => {
    const names = ['data', 'end', 'close', 'error', 'timeout', 'drain'];
    scene.log('listeners', names.map((name) => `${name} ${socket.listenerCount(name)}`).join());
    scene.log('parser', Reflect.get(req.socket, 'parser'), 'paused', (socket as Duplex).isPaused());
    scene.log('flowing', (socket as Duplex).readableFlowing);
    socket.end();
  });
  await scene.exchange(server, upgrading);
});

differ('an upgraded socket survives bytes that are no HTTP, and half-closing', async (scene) => {
  const server = await scene.serve();
  scene.watch('server', server, 'clientError');
  server.on('upgrade', (_req, socket) => {
    scene.log('upgrade');
    socket.on('data', (data) => scene.log('data', data));
    socket.on('end', () => {
      scene.log('end');
      socket.end('after the end');
    });
  });
  const client = scene.connect(server, { allowHalfOpen: true });
  await client.send(upgrading);
  await scene.seen('upgrade');
  await client.send('\0\x01 not HTTP \r\n\r\n');
  await scene.seen('data');
  client.end();
  await client.closed();
  scene.record(client);
});

differ('without an upgrade listener the request is an ordinary one', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', Reflect.get(req, 'upgrade'), req.headers.upgrade);
    res.end('no upgrade');
  });
  await scene.exchange(server, upgrading, 'no upgrade');
});

differ('an upgrade listener added later is used', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('no upgrade'));
  server.on('upgrade', (_req, socket) => socket.end(switching));
  await scene.exchange(server, upgrading);
  server.removeAllListeners('upgrade');
  await scene.exchange(server, upgrading, 'no upgrade');
});

differ('Upgrade without Connection: upgrade is an ordinary request', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', Reflect.get(req, 'upgrade'));
    res.end('ordinary');
  });
  server.on('upgrade', () => scene.log('upgrade'));
  await scene.exchange(server, get('/', 'Upgrade: chat'), 'ordinary');
  await scene.exchange(server, get('/', 'Connection: upgrade'), 'ordinary');
  await scene.exchange(server, get('/', 'Connection: keep-alive', 'Upgrade: chat'), 'ordinary');
});

differ('forms of Connection: upgrade', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('upgrade', (req, socket) => {
    scene.log('upgrade', req.headers.connection);
    socket.end();
  });
  for (const connection of [
    'upgrade',
    'UPGRADE',
    'keep-alive, Upgrade',
    'foo,upgrade',
    'upgrade, keep-alive',
  ]) {
    await scene.exchange(server, get('/', `Connection: ${connection}`, 'Upgrade: chat'));
  }
  await scene.exchange(server, get('/', 'Upgrade: chat', 'Connection: Upgrade'));
});

differ('an upgrade after ordinary requests on the connection', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    res.end('ok');
  });
  server.on('upgrade', (req, socket) => {
    scene.log('upgrade', req.url);
    socket.end(switching);
  });
  const client = scene.connect(server);
  await client.send(get('/one'));
  await client.until('ok');
  await client.send(upgrading);
  await client.closed();
  scene.record(client);
});

differNewest('a POST that asks for an upgrade, with its whole body', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('upgrade', (req, socket, first) => {
    scene.log('upgrade', req.method, 'head', first);
    req.on('data', (data) => scene.log('body', data));
    req.on('end', () => socket.end(switching));
  });
  const fields = ['Host: a', 'Connection: upgrade', 'Upgrade: chat', 'Content-Length: 4'];
  await scene.exchange(server, `${head('POST / HTTP/1.1', ...fields)}body`);
});

differNewest('shouldUpgradeCallback decides', async (scene) => {
  const server = await scene.serve(
    (req, res) => {
      scene.log('request', req.url, Reflect.get(req, 'upgrade'));
      res.end('no upgrade');
    },
    { shouldUpgradeCallback: (req) => req.url === '/chat' },
  );
  server.on('upgrade', (req, socket) => {
    scene.log('upgrade', req.url);
    socket.end(switching);
  });
  await scene.exchange(server, upgrading);
  await scene.exchange(server, get('/other', 'Connection: Upgrade', 'Upgrade: chat'), 'no upgrade');
});

differNewest('shouldUpgradeCallback without an upgrade listener', async (scene) => {
  const server = await scene.serve(() => scene.log('request'), { shouldUpgradeCallback: () => true });
  await scene.exchange(server, upgrading);
});

differNewest('shouldUpgradeCallback sees no CONNECT and no ordinary request', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'), {
    shouldUpgradeCallback: (req) => {
      scene.log('asked', req.url);
      return true;
    },
  });
  await scene.exchange(server, lastGet('/plain'));
  await scene.exchange(server, connecting);
});

differ('a connect listener gets req, the socket and the head', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.on('connect', (req, socket, first) => {
    scene.log('connect', req.method, req.url, req.headers, Reflect.get(req, 'upgrade'), first);
    scene.log('same socket', socket === req.socket);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.pipe(socket);
  });
  const client = scene.connect(server);
  await client.send(`${connecting}with the head`);
  await client.until('\r\n\r\n');
  await client.send('echo');
  await client.until('echo');
  client.end();
  await client.closed();
  scene.record(client);
});

differ('CONNECT without a listener closes', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  await scene.exchange(server, connecting);
});

differ('a body on CONNECT is not read as one', async (scene) => {
  const server = await scene.serve();
  server.on('connect', (_req, socket, first) => {
    scene.log('head', first);
    socket.end();
  });
  const line = 'CONNECT example.test:443 HTTP/1.1';
  await scene.exchange(server, `${head(line, 'Host: a', 'Content-Length: 4')}body`);
});

differ('closeAllConnections leaves upgraded sockets open', async (scene) => {
  const server = await scene.serve();
  server.on('upgrade', (_req, socket) => {
    socket.write(switching);
    socket.on('data', (data) => socket.end(data));
  });
  const client = scene.connect(server);
  await client.send(upgrading);
  await client.until('\r\n\r\n');
  server.closeAllConnections();
  await scene.turns();
  await client.send('still here');
  await client.closed();
  scene.record(client);
});

differ('an error of an upgraded socket is its owner’s affair', async (scene) => {
  const server = await scene.serve();
  scene.watch('server', server, 'clientError');
  server.on('upgrade', (_req, socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => scene.log('socket error', error.code));
    socket.on('close', () => scene.log('socket close'));
    socket.write(switching);
    socket.resume();
  });
  const client = scene.connect(server);
  await client.send(upgrading);
  await client.until('\r\n\r\n');
  client.reset();
  await scene.seen('socket close');
});

/** The head of an upgrade with content before it. */
const uploading = (...fields: string[]) =>
  head('POST /chat HTTP/1.1', 'Host: example.test', 'Connection: Upgrade', 'Upgrade: chat', ...fields);

differNewest('an upgrade does not wait for the content before it', async (scene) => {
  for (const [field, start, rest] of [
    ['Content-Length: 10', 'hello', 'world'],
    ['Transfer-Encoding: chunked', chunk('hello'), `${chunk('world')}0\r\nX-T: v\r\n\r\n`],
  ]) {
    const server = await scene.serve();
    server.on('upgrade', (req, socket, first) => {
      scene.log('upgrade', first.length, req.complete, socket === req.socket, socket.readableFlowing);
      scene.watch('req', req, 'data', 'end', 'aborted');
      scene.watch('stream', socket, 'data', 'end', 'close');
      socket.write(switching);
      socket.on('data', () => socket.end('bye'));
    });
    const client = scene.connect(server);
    await client.send(uploading(field));
    await client.until('\r\n\r\n');
    await client.send(start);
    await scene.seen("req data 'hello'");
    await client.send(`${rest}first bytes`);
    await client.closed();
    await scene.seen('stream close');
    scene.record(client);
  }
});

differNewest('an upgrade whose content came with it gets the socket', async (scene) => {
  const server = await scene.serve();
  server.on('upgrade', (req, socket, first) => {
    scene.log('upgrade', first, req.complete, socket === req.socket);
    req.on('data', (data) => scene.log('data', data));
    req.on('end', () => socket.end(switching));
  });
  await scene.exchange(server, `${uploading('Content-Length: 5')}hellofirst bytes`);
});

differNewest('content before an upgrade that nobody reads is left', async (scene) => {
  const server = await scene.serve();
  server.on('upgrade', (_req, socket) => {
    scene.watch('stream', socket, 'data');
    socket.write(switching);
    socket.on('data', () => socket.end());
  });
  const client = scene.connect(server);
  await client.send(uploading('Content-Length: 200000'));
  await client.until('\r\n\r\n');
  await client.send(`${'x'.repeat(200_000)}chat`);
  await client.closed();
});
