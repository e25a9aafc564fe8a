import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { differ, differEither } from './differ.js';
import { get, head, lastGet, post } from './messages.js';
import type { Scene } from './scene.js';

const responseEvents = [
  'prefinish',
  'finish',
  'close',
  'error',
  'drain',
  'timeout',
  'socket',
  'pipe',
  'unpipe',
];

type Handler = (res: ServerResponse, req: IncomingMessage) => void;

/** A server that logs all events of req and res. */
function watching(scene: Scene, handle: Handler) {
  return scene.serve((req, res) => {
    scene.log(`request ${req.url}`);
    scene.watch(`req ${req.url}`, req, 'end', 'close', 'error', 'aborted');
    scene.watch(`res ${req.url}`, res, ...responseEvents);
    handle(res, req);
  });
}

const endings: [string, Handler][] = [
  ['end at once', (res) => res.end('ok')],
  ['end in a later turn', (res) => setImmediate(() => res.end('ok'))],
  [
    'write, then end in a later turn',
    (res) => {
      res.write('some');
      setImmediate(() => res.end('more'));
    },
  ],
  ['end after reading req', (res, req) => req.resume().on('end', () => res.end('ok'))],
  ['no content', (res) => res.writeHead(204).end()],
];

for (const [label, handle] of endings) {
  differEither(`events of a kept connection: ${label}`, async (scene) => {
    const server = await watching(scene, handle);
    const client = scene.connect(server);
    for (const [turn, request] of [get('/a'), post('body'), get('/b')].entries()) {
      await client.send(request);
      await scene.seen('request', turn + 1);
      await scene.seen('res', 3 * (turn + 1));
      await scene.turns();
    }
  });

  differEither(`events of a closing connection: ${label}`, async (scene) => {
    const server = await watching(scene, handle);
    await scene.exchange(server, lastGet());
    await scene.exchange(server, post('body', 'Connection: close'));
    await scene.seen('res / close', 2);
    await scene.turns();
  });
}

differ('finish and close follow end in this order', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('finish', () => scene.log('finish', res.writableFinished, res.socket !== null));
    res.on('close', () => scene.log('close', res.closed, res.destroyed, res.socket));
    res.end('ok');
    scene.log('after end');
    process.nextTick(() => scene.log('next tick'));
  });
  await scene.exchange(server, get(), 'ok');
  await scene.seen('close');
});

differ('listeners that come behind end() hear what follows', async (scene) => {
  const server = await scene.serve((req, res) => {
    res.end('ok');
    scene.watch(`res ${req.url}`, res, ...responseEvents);
  });
  const client = scene.connect(server);
  await client.send(get('/1'));
  await scene.seen('res /1 close');
  await client.send(post('body'));
  await scene.seen('res / close');
  await scene.exchange(server, lastGet('/3'));
  await scene.seen('res /3 close');
});

differ('they hear it when the client has taken more than the system holds', async (scene) => {
  const size = 16 * 1024 * 1024;
  const server = await scene.serve((_req, res) => {
    res.writeHead(200, { 'Content-Length': size });
    res.flushHeaders();
    setImmediate(() => {
      res.end(Buffer.alloc(size, 'x'));
      res.on('finish', () => scene.log('finish', res.writableFinished));
      res.on('close', () => scene.log('close'));
    });
  });
  let received = 0;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(lastGet());
  for await (const bytes of socket) received += (bytes as Buffer).length;
  await scene.seen('close');
  scene.log('received', received > size);
});

for (const [label, close] of [
  ['closeIdleConnections', (server: Server) => server.closeIdleConnections()],
  ['close', (server: Server) => server.close()],
] as const) {
  differ(`a connection is idle in the tick behind its response: ${label}`, async (scene) => {
    const server = await scene.serve(
      (_req, res) => {
        res.end('ok');
        process.nextTick(() => close(server));
      },
      // Nothing else would close it.
      { keepAliveTimeout: 0 },
    );
    const client = scene.connect(server);
    await client.send(get());
    await client.closed();
    scene.log('closed');
  });
}

differ('a request that was answered is not aborted by a client that leaves at once', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('req', req, 'aborted', 'error');
    res.end('ok');
    // Whoever closes the socket comes before the end of this turn.
    setImmediate(() => scene.log('aborted', req.aborted, 'closed', res.closed));
    req.socket.destroy();
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('aborted');
});

differ('the socket event comes before the handler', async (scene) => {
  const { ServerResponse } = scene.http;
  class Watched extends ServerResponse {
    override emit(event: string | symbol, ...args: unknown[]): boolean {
      scene.log(`emit ${String(event)}`, ...args);
      return Reflect.apply(super.emit, this, [event, ...args]);
    }
  }
  const server = await scene.serve(
    (_req, res) => {
      scene.log('request');
      res.end('ok');
    },
    { ServerResponse: Watched as never },
  );
  await scene.exchange(server, get(), 'ok');
  await scene.seen('emit close');
});

differ('destroy before the head', async (scene) => {
  const server = await watching(scene, (res) => {
    scene.log('same', res.destroy() === res, res.destroyed, res.closed);
  });
  await scene.exchange(server, get());
  await scene.seen('res / close');
  await scene.seen('req / close');
});

differ('destroy with an error', async (scene) => {
  const server = await watching(scene, (res) => {
    res.write('partial');
    res.destroy(new Error('on purpose'));
    scene.log('errored', res.errored);
    res.destroy(new Error('another'));
    scene.log('errored', res.errored);
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('res / close');
  await scene.seen('req / close');
});

differ('the socket of a response destroyed with an error', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.watch('socket', req.socket, 'error', 'close');
    res.on('error', (error) => scene.log('res error', error));
    res.destroy(new Error('on purpose'));
  });
  await scene.exchange(server, get());
  await scene.seen('socket close');
});

differEither('destroy after end', async (scene) => {
  const server = await watching(scene, (res) => {
    res.end('ok');
    res.destroy();
    scene.log('state', res.destroyed, res.writableEnded, res.writableFinished);
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('res / close');
});

differEither('destroy after close leaves the connection alone', async (scene) => {
  const server = await watching(scene, (res) => {
    res.on('close', () => {
      res.destroy();
      scene.log('destroyed', res.destroyed);
    });
    res.end('ok');
  });
  const client = scene.connect(server);
  await client.send(get('/one'));
  await scene.seen('destroyed');
  await client.send(lastGet('/two'));
  await client.closed();
  scene.record(client);
});

differ('write and end after destroy', async (scene) => {
  const server = await watching(scene, (res) => {
    res.destroy();
    scene.attempt('write', () => res.write('x', (error) => scene.log('write callback', error)));
    scene.attempt('end', () => res.end(() => scene.log('end callback')) === res);
    scene.attempt('setHeader', () => typeof res.setHeader('a', 'b'));
  });
  await scene.exchange(server, get());
  await scene.seen('res / close');
  await scene.turns();
});

differEither('res.setTimeout calls back and keeps the connection', async (scene) => {
  const server = await watching(scene, (res) => {
    const same = res.setTimeout(20, () => {
      scene.log('callback');
      res.end('timed out');
    });
    scene.log('same', same === res);
  });
  scene.watch('server', server, 'timeout');
  await scene.exchange(server, lastGet());
});

differ('a timeout event nobody listens to destroys the connection', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('close', () => scene.log('res close'));
  });
  server.setTimeout(20);
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('res close');
  scene.record(client);
});

differ('server.setTimeout with a callback leaves the closing to it', async (scene) => {
  const server = await scene.serve(() => scene.log('request'));
  server.setTimeout(20, (socket) => {
    scene.log('timeout', socket.destroyed);
    socket.destroy();
  });
  const client = scene.connect(server);
  await client.send(get());
  await client.closed();
  await scene.seen('timeout');
});

differ('res.setTimeout(0) removes the time-out', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('at first', req.socket.timeout);
    res.setTimeout(5000);
    scene.log('set', req.socket.timeout);
    res.setTimeout(0);
    scene.log('removed', req.socket.timeout);
    res.end('ok');
  });
  server.timeout = 60_000;
  await scene.exchange(server, lastGet());
});

differ('the socket has its time-out back for the next request', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('timeout', req.socket.timeout);
    req.socket.setTimeout(9000);
    res.end('ok');
  });
  server.timeout = 7000;
  const client = scene.connect(server);
  await client.send(get());
  await client.until('ok');
  await client.send(lastGet());
  await client.closed();
});

differ('res.req, req.socket and res.socket belong together', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('req', res.req === req, req.socket === res.socket, req.connection === req.socket);
    scene.log('client', Reflect.get(req, 'client') === req.socket);
    const { socket } = req;
    scene.log(
      'socket',
      Reflect.get(socket, 'server') === server,
      Reflect.get(socket, '_httpMessage') === res,
    );
    res.on('close', () => {
      scene.log('after', res.socket, req.socket === socket, Reflect.get(socket, '_httpMessage'));
    });
    res.end('ok');
  });
  await scene.exchange(server, get(), 'ok');
  await scene.seen('after');
});

differ('listeners of the socket are gone after each response', async (scene) => {
  const names = ['close', 'drain', 'error', 'finish', 'timeout', 'end', 'data'];
  const counts: string[] = [];
  const server = await scene.serve((req, res) => {
    counts.push(names.map((name) => req.socket.listenerCount(name)).join());
    res.end('ok');
  });
  const client = scene.connect(server);
  for (let turn = 1; turn <= 5; turn++) {
    await client.send(turn === 5 ? lastGet() : get());
    await client.until('ok', turn);
  }
  scene.log('constant', new Set(counts.slice(1)).size === 1);
});

differEither('HEAD has the same events', async (scene) => {
  const server = await watching(scene, (res) => res.end('no body'));
  await scene.exchange(server, head('HEAD / HTTP/1.1', 'Host: a'), '\r\n\r\n');
  await scene.seen('res / close');
});

differ('eventNames, with and without listeners', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('req', req.eventNames());
    req.on('end', () => {}).once('close', () => {});
    scene.log('req', req.listenerCount('end'), req.eventNames().includes('end'));
    // Stock has a listener of its own.
    scene.log('res', Array.isArray(res.eventNames()));
    res.on('close', () => {});
    scene.log('res', res.eventNames().includes('close'));
    req.resume();
    res.end('ok');
  });
  await scene.exchange(server, lastGet());
  const { IncomingMessage, OutgoingMessage } = scene.http;
  scene.log('made', new IncomingMessage(null as never).eventNames(), new OutgoingMessage().eventNames());
});

for (const act of ['end', 'write'] as const) {
  differ(`${act} in a listener of finish is no error`, async (scene) => {
    const server = await scene.serve((_req, res) => {
      scene.watch('res', res, 'finish', 'error');
      res.on('finish', () => {
        const done = (error?: unknown) => scene.log('called back', error);
        if (act === 'end') res.end('more', done);
        else res.write('more', done);
      });
      res.end('ok');
    });
    await scene.exchange(server, lastGet());
    await scene.seen('called back');
  });
}
