import type { ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { differ, differNewest } from './differ.js';
import { get, head, lastGet } from './messages.js';
import type { Scene } from './scene.js';

differ('one connection serves many requests', async (scene) => {
  const sockets = new Set<Socket>();
  const server = await scene.serve((req, res) => {
    sockets.add(req.socket);
    res.end('ok');
  });
  const client = scene.connect(server);
  for (let turn = 1; turn < 5; turn++) {
    await client.send(get(`/${turn}`));
    await client.until('ok', turn);
  }
  await client.send(lastGet());
  await client.closed();
  scene.log('sockets', sockets.size);
  scene.record(client);
});

differ('an idle connection is closed after keepAliveTimeout', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'), {
    ...{ keepAliveTimeout: 10, keepAliveTimeoutBuffer: 10 },
  });
  server.on('connection', (socket) => scene.watch('socket', socket, 'timeout', 'close'));
  const client = scene.connect(server);
  await client.send(get());
  scene.record(client, await client.closed());
  await scene.seen('socket close');
});

/** Whether a kept connection outlives one whose time-out is over at once. */
async function outlives(scene: Scene, options: ServerOptions): Promise<void> {
  const patient = await scene.serve((_req, res) => res.end('ok'), options);
  const hasty = await scene.serve((_req, res) => res.end('ok'), {
    ...{ keepAliveTimeout: 1, keepAliveTimeoutBuffer: 1 },
  });
  const kept = scene.connect(patient);
  await kept.send(get());
  await kept.until('ok');
  const closed = scene.connect(hasty);
  await closed.send(get());
  scene.log('hasty', await closed.closed());
  await kept.send(lastGet());
  scene.log('patient', await kept.closed());
  scene.record(kept);
}

differNewest('keepAliveTimeoutBuffer is added to keepAliveTimeout', async (scene) => {
  await outlives(scene, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 60_000 });
});

differ('keepAliveTimeout 0 sets no time-out', async (scene) => {
  await outlives(scene, { keepAliveTimeout: 0 });
});

differ('the time-out of a request in flight is that of the server', async (scene) => {
  const server = await scene.serve(
    (req, res) => {
      scene.log('timeout', req.socket.timeout);
      res.end('ok');
    },
    { keepAliveTimeout: 3000 },
  );
  server.timeout = 8000;
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await client.send(lastGet());
  await client.closed();
});

differ('maxRequestsPerSocket', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    res.end('ok');
  });
  server.maxRequestsPerSocket = 2;
  const client = scene.connect(server);
  await client.send(get('/1'));
  await client.until('ok');
  await client.send(get('/2'));
  await client.until('ok', 2);
  scene.record(client);
});

differ('requests beyond maxRequestsPerSocket are dropped with 503', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    setImmediate(() => res.end('ok'));
  });
  server.maxRequestsPerSocket = 1;
  server.on('dropRequest', (req, socket) => scene.log('dropRequest', req.url, socket === req.socket));
  const client = scene.connect(server);
  await client.send(get('/1') + get('/2'));
  await client.until(' 503 ');
  client.end();
  await client.closed();
  scene.record(client);
});

differ('maxRequestsPerSocket is announced in Keep-Alive', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  server.maxRequestsPerSocket = 3;
  await scene.exchange(server, get() + get() + get(), /ok[\s\S]*ok[\s\S]*ok/);
});

differ('maxRequestsPerSocket 1 closes after the first', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  server.maxRequestsPerSocket = 1;
  await scene.exchange(server, get(), 'ok');
  await scene.exchange(server, head('GET / HTTP/1.0', 'Connection: keep-alive'), 'ok');
});

differ('a Keep-Alive of the user wins over maxRequestsPerSocket', async (scene) => {
  const server = await scene.serve((_req, res) => res.setHeader('Keep-Alive', 'timeout=1').end('ok'));
  server.maxRequestsPerSocket = 2;
  await scene.exchange(server, get() + get(), /ok[\s\S]*ok/);
});

differ('connections beyond maxConnections are dropped', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  server.maxConnections = 1;
  server.on('drop', () => scene.log('drop'));
  const first = scene.connect(server);
  await first.send(get());
  await first.until('ok');
  const second = scene.connect(server);
  await second.closed();
  await scene.seen('drop');
});

differ('getConnections counts', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  server.getConnections((error, count) => scene.log('connections', error, count));
  await scene.seen('connections');
});

differ('noDelay and keepAlive are set on the socket', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'), { keepAlive: true, noDelay: false });
  await scene.exchange(server, lastGet(), 'ok');
  scene.log('answered');
});

differ('bytes between two requests: an empty line is let pass', async (scene) => {
  const server = await scene.serve((req, res) => res.end(`answer ${req.url}`));
  const client = scene.connect(server);
  await client.send(get('/1'));
  await client.until('answer /1');
  await client.send(`\r\n${lastGet('/2')}`);
  await client.closed();
  scene.record(client);
});

differ('the connection event comes before the request', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('request', req.socket.readyState);
    res.end('ok');
  });
  server.on('connection', (socket: Socket) => {
    scene.log('connection', socket.readyState, typeof Reflect.get(socket, 'parser'));
    scene.log('server', Reflect.get(socket, 'server') === server);
  });
  await scene.exchange(server, lastGet());
});

differ('changing the encoding of a socket is refused', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.attempt('setEncoding', () => req.socket.setEncoding('utf8') === req.socket);
    res.end('ok');
  });
  await scene.exchange(server, lastGet());
});

differ('a data listener on the socket sees the bytes too', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.socket.on('data', (data) => scene.log('socket data', data));
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(get('/1'));
  await client.until('ok');
  await client.send(lastGet('/2'));
  await client.closed();
  scene.record(client);
});
