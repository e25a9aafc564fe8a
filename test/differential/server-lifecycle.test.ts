import { EventEmitter, once } from 'node:events';
import { createServer as createNetServer } from 'node:net';
import { Duplex } from 'node:stream';
import { differ, differNewest } from './differ.js';
import { duplexPair } from './duplex-pair.js';
import { get, head, lastGet } from './messages.js';
import type { Scene } from './scene.js';

differ('close lets a request in flight finish', async (scene) => {
  let answer = () => {};
  const server = await scene.serve((_req, res) => {
    scene.log('request');
    answer = () => res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(get());
  await scene.seen('request');
  server.close((error) => scene.log('closed', error));
  server.on('close', () => scene.log('close event'));
  await scene.turns();
  answer();
  await client.until('ok');
  client.end();
  await scene.seen('closed');
  scene.record(client);
});

differ('close closes idle connections', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await scene.turns();
  server.close((error) => scene.log('closed', error));
  await client.closed();
  await scene.seen('closed');
});

differNewest('close closes connections that have sent nothing yet', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  server.on('connection', () => scene.log('connection'));
  const client = scene.connect(server);
  await scene.seen('connection');
  server.close(() => scene.log('closed'));
  await scene.turns();
  scene.log('open', !client.socket.readableEnded);
});

differ('closeIdleConnections spares the busy ones', async (scene) => {
  let answer = () => {};
  const server = await scene.serve((req, res) => {
    scene.log('request', req.url);
    if (req.url === '/busy') answer = () => res.end('late');
    else res.end('ok');
  });
  const idle = scene.connect(server);
  const busy = scene.connect(server);
  const unfinished = scene.connect(server);
  await idle.send(get('/idle'));
  await idle.until('ok');
  await busy.send(lastGet('/busy'));
  await scene.seen("request '/busy'");
  await unfinished.send('GET / HTTP/1.1\r\n');
  await scene.turns();
  scene.attempt('closeIdleConnections', () => server.closeIdleConnections());
  await idle.closed();
  answer();
  await busy.closed();
  await unfinished.send('Host: a\r\nConnection: close\r\n\r\n');
  await unfinished.closed();
  scene.record(busy);
  scene.record(unfinished);
});

differ('closeAllConnections spares none', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.log('request');
    res.on('close', () => scene.log('res close'));
  });
  const busy = scene.connect(server);
  await busy.send(get());
  await scene.seen('request');
  scene.attempt('closeAllConnections', () => server.closeAllConnections());
  await busy.closed();
  await scene.seen('res close');
  scene.log('listening', server.listening);
});

differ('both may be called before listening and after closing', async (scene) => {
  const server = scene.http.createServer();
  scene.attempt('idle', () => server.closeIdleConnections());
  scene.attempt('all', () => server.closeAllConnections());
  await scene.listen(server);
  server.close();
  await once(server, 'close');
  scene.attempt('idle', () => server.closeIdleConnections());
  scene.attempt('all', () => server.closeAllConnections());
});

differ('close of a server that does not listen', async (scene) => {
  const server = scene.http.createServer();
  scene.attempt('close', () => server.close((error) => scene.log('callback', error)) === server);
  await scene.seen('callback');
});

differ('asyncDispose closes', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await scene.turns();
  scene.log('disposed', await server[Symbol.asyncDispose]());
  await client.closed();
  scene.log('listening', server.listening);
});

differ('asyncDispose of a server that does not listen', async (scene) => {
  const server = scene.http.createServer();
  await server[Symbol.asyncDispose]().then(
    (value) => scene.log('resolved', value),
    (error: unknown) => scene.log('rejected', error),
  );
});

differ('listen again after close', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'));
  server.close();
  await once(server, 'close');
  await scene.listen(server);
  await scene.exchange(server, lastGet());
});

differ('unref and ref return the server', async (scene) => {
  const server = await scene.serve();
  scene.log('same', server.unref() === server, server.ref() === server);
});

differ('a connection handed in from another server', async (scene) => {
  const inner = scene.http.createServer((req, res) => {
    scene.log('request', req.url);
    res.end('inner');
  });
  const outer = createNetServer((socket) => inner.emit('connection', socket));
  await scene.listen(outer as never);
  await scene.exchange(outer as never, get('/1') + lastGet('/2'));
});

differ('a connection that is any Duplex', async (scene) => {
  const server = scene.http.createServer((req, res) => {
    scene.log('request', req.url, req.socket instanceof Duplex);
    let body = '';
    req.on('data', (data) => {
      body += data;
    });
    req.on('end', () => res.end(`got ${body}`));
  });
  const [ours, theirs] = duplexPair();
  let received = '';
  theirs.on('data', (data) => {
    received += data;
  });
  const ended = once(theirs, 'end');
  server.emit('connection', ours);
  theirs.write(`${head('POST /1 HTTP/1.1', 'Host: a', 'Content-Length: 4')}bo`);
  theirs.write(`dy${lastGet('/2')}`);
  await ended;
  scene.recordText(received);
});

differ('a malformed message on any Duplex', async (scene) => {
  const server = scene.http.createServer(() => scene.log('request'));
  const [ours, theirs] = duplexPair();
  let received = '';
  theirs.on('data', (data) => {
    received += data;
  });
  const closed = new Promise((resolve) => ours.on('close', resolve));
  server.emit('connection', ours);
  theirs.write('nonsense\r\n\r\n');
  await closed;
  scene.recordText(received);
});

differ('requests pipelined on a Duplex that buffers nothing', async (scene) => {
  const server = scene.http.createServer((req, res) => {
    scene.log('request', req.url);
    res.end(`got ${req.url}`);
  });
  const [ours, theirs] = duplexPair({ writableHighWaterMark: 0, readableHighWaterMark: 0 });
  let received = '';
  theirs.on('data', (data) => {
    received += data;
  });
  const ended = once(theirs, 'end');
  server.emit('connection', ours);
  theirs.write(get('/1') + get('/2') + lastGet('/3'));
  await ended;
  scene.recordText(received);
});

// Only what stock has in common with what is right: it destroys the Duplex with the reply unread.
differ('any Duplex that ends within a message', async (scene) => {
  const server = scene.http.createServer((req) => scene.log('request', req.url));
  const [ours, theirs] = duplexPair();
  ours.on('error', () => {});
  const closed = new Promise((resolve) => ours.on('close', resolve));
  server.emit('connection', ours);
  theirs.resume();
  theirs.end(head('GET / HTTP/1.1').slice(0, -4));
  await closed;
  scene.log('destroyed', ours.destroyed);
});

differ('listeners of request are called in turn, and the first must not answer', async (scene) => {
  const server = await scene.serve(() => scene.log('first'));
  server.prependListener('request', () => scene.log('before'));
  server.on('request', (_req, res) => res.end('second'));
  await scene.exchange(server, lastGet());
});

differ('without a request listener nothing answers', async (scene) => {
  const server = await scene.serve();
  const client = scene.connect(server);
  await client.send(get());
  await scene.turns();
  scene.log('received', client.received);
});

differ('listeners are called with the server as this', async (scene) => {
  const server = await scene.serve(function (this: unknown, _req, res) {
    scene.log('this', this === server);
    res.end();
  });
  await scene.exchange(server, lastGet());
});

differ('listeners of request may be any number, and come and go', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.log('first');
    res.end();
  });
  await scene.exchange(server, lastGet());
  server.once('request', () => scene.log('once'));
  server.prependListener('request', () => scene.log('before'));
  await scene.exchange(server, get() + lastGet());
  server.removeAllListeners('request');
  server.once('request', (_req, res) => {
    scene.log('only once', server.listenerCount('request'));
    res.end();
  });
  await scene.exchange(server, lastGet());
  scene.log('left', server.listenerCount('request'));
});

differ('a server with an emit of its own sees every event', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.log('listener');
    res.end();
  });
  const { emit } = server;
  server.emit = function (this: unknown, event: string, ...args: unknown[]) {
    if (event === 'request') scene.log('emit', event, args.length, this === server);
    return Reflect.apply(emit, server, [event, ...args]);
  } as typeof emit;
  await scene.exchange(server, lastGet());
});

async function rejecting(scene: Scene, prepare: (res: import('node:http').ServerResponse) => void) {
  EventEmitter.captureRejections = true;
  try {
    const server = scene.http.createServer(async (_req, res) => {
      res.on('error', (error) => scene.log('res error', error));
      prepare(res);
      throw new Error('handler broke');
    });
    server.on('error', (error) => scene.log('server error', error));
    await scene.listen(server);
    const client = scene.connect(server);
    await client.send(lastGet());
    await client.closed();
    scene.record(client);
  } finally {
    EventEmitter.captureRejections = false;
  }
}

differ('captureRejections: a rejected handler is answered with 500', async (scene) => {
  await rejecting(scene, (res) => res.setHeader('X-Gone', '1'));
});

differ('captureRejections: after the head the response is destroyed', async (scene) => {
  await rejecting(scene, (res) => res.write('begun'));
});

differ('captureRejections: after the end nothing happens to the response', async (scene) => {
  await rejecting(scene, (res) => res.end('done'));
});

differ('captureRejections: a rejected checkContinue listener', async (scene) => {
  EventEmitter.captureRejections = true;
  try {
    const server = scene.http.createServer();
    server.on('checkContinue', async () => {
      throw new Error('listener broke');
    });
    server.on('error', (error) => scene.log('server error', error));
    await scene.listen(server);
    await scene.connect(server).send(lastGet('/', 'Expect: 100-continue'));
    await scene.seen('server error');
  } finally {
    EventEmitter.captureRejections = false;
  }
});
