import type { ClientRequest, RequestOptions } from 'node:http';
import { connect, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { differ, differEither, differNewest } from './differ.js';
import { ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');

differ('socket comes after the request was returned, and before connect', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, {}, 'req', ['socket', 'finish', 'close']);
  scene.log('returned', req.socket, req.connection);
  process.nextTick(() => scene.log('next tick', req.socket === null || req.socket === undefined));
  req.on('socket', (socket) => {
    scene.log('same', req.socket === socket, req.connection === socket, socket.connecting);
    socket.on('connect', () => scene.log('connect'));
    socket.on('close', () => scene.log('socket close'));
  });
  req.end();
  await scene.seen('socket close');
  await scene.closed();
});

differ('a socket that is paused while it connects', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.get(origin, {}, 'req', ['close']);
  req.on('socket', (socket) => {
    socket.pause();
    socket.on('connect', () => scene.log('connect'));
  });
  await origin.received(1);
  await scene.turns(20);
  scene.log('resumed');
  req.socket?.resume();
  await scene.closed();
});

differ('socket of a pooled connection', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  scene.get(origin, { agent }, 'first');
  await scene.closed('first');
  const req = scene.request(origin, { agent }, 'second', ['socket', 'finish', 'close']);
  scene.log('returned', req.socket === null, req.reusedSocket);
  process.nextTick(() => scene.log('next tick', req.socket === null, req.reusedSocket));
  req.on('socket', (socket) => scene.log('connecting', socket.connecting, req.reusedSocket));
  req.end();
  await scene.closed('second');
});

differ('what the socket and the response know of each other', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.get(origin);
  req.on('response', (res) => {
    scene.log('res.socket', res.socket === req.socket, res.connection === req.socket);
    const own = res as unknown as { req: unknown; client: unknown };
    scene.log('res.req', own.req === req, own.client === req.socket);
    scene.log('req.res', (req as unknown as { res: unknown }).res === res);
    const { _httpMessage } = req.socket as unknown as { _httpMessage: unknown };
    scene.log('_httpMessage', _httpMessage === req);
    res.on('end', () => scene.log('at end', req.socket === res.socket));
    res.on('close', () => scene.log('at close', res.socket === req.socket));
  });
  await scene.closed();
  scene.log('closed', req.socket === null, req.socket?.destroyed);
});

for (const [name, arguments_] of [
  ['setNoDelay', [true]],
  ['setNoDelay', []],
  ['setSocketKeepAlive', [true, 1000]],
  ['setSocketKeepAlive', []],
] as const) {
  differ(`${name}(${arguments_.join(', ')}) before and after there is a socket`, async (scene) => {
    const origin = await scene.origin(lastOk);
    const req = scene.request(origin, { agent: false });
    const call = (req as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
    scene.log('returns', call.apply(req, [...arguments_]));
    const socketMethod = name === 'setNoDelay' ? 'setNoDelay' : 'setKeepAlive';
    req.on('socket', (socket: Socket) => {
      const original = socket[socketMethod] as (...args: unknown[]) => Socket;
      Object.assign(socket, {
        [socketMethod](...args: unknown[]) {
          scene.log(socketMethod, ...args);
          return original.apply(socket, args);
        },
      });
      socket.on('connect', () => {
        scene.log('connected');
        scene.log('returns', call.apply(req, [...arguments_]));
        req.end();
      });
    });
    await scene.closed();
  });
}

differ('createConnection that returns a socket', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.http.request({
    host: 'a.test',
    port: 81,
    createConnection: ((options: Record<string, unknown>, callback: unknown) => {
      scene.log('createConnection', options.host, options.port, options.path, typeof callback);
      return connect(origin.port, '127.0.0.1');
    }) as never,
  });
  scene.watchRequest(req).end();
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('createConnection that calls back', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.http.request({
    host: 'a.test',
    createConnection: ((_options: unknown, callback: (error: Error | null, socket?: Socket) => void) => {
      const socket = connect(origin.port, '127.0.0.1', () => callback(null, socket));
    }) as never,
  });
  scene.watchRequest(req).end();
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('createConnection that does both', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.http.request({
    host: 'a.test',
    createConnection: ((_options: unknown, callback: (error: Error | null, socket?: Socket) => void) => {
      const socket = connect(origin.port, '127.0.0.1', () => callback(null, socket));
      return socket;
    }) as never,
  });
  req.on('socket', () => scene.log('socket'));
  scene.watchRequest(req).end();
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('createConnection that fails', async (scene) => {
  const later = scene.http.request({
    host: 'a.test',
    createConnection: ((_options: unknown, callback: (error: Error) => void) => {
      setImmediate(() => callback(new Error('later')));
    }) as never,
  });
  scene.watchRequest(later, 'later').end();
  await scene.seen('later error');
  await scene.turns();
  const atOnce = scene.http.request({
    host: 'a.test',
    createConnection: ((_options: unknown, callback: (error: Error) => void) =>
      callback(new Error('at once'))) as never,
  });
  scene.watchRequest(atOnce, 'at once').end();
  await scene.seen('at once error');
  await scene.turns();
});

differ('createConnection that throws', async (scene) => {
  const req = scene.http.request({
    host: 'a.test',
    createConnection: () => {
      throw new Error('thrown');
    },
  });
  scene.watchRequest(req).end();
  await scene.seen('req error');
  await scene.turns();
});

differ('createConnection that returns a socket and then fails to connect', async (scene) => {
  const port = await scene.refusingPort();
  scene.watchRequest(scene.http.get({ host: 'a.test', createConnection: () => connect(port, '127.0.0.1') }));
  await scene.closed();
});

/** Instrumentations look there for what was connected to. */
for (const [what, options] of Object.entries({
  'a name that does not resolve': {
    lookup: (_host, _options, callback) => callback(new Error('on purpose'), []),
  },
  'an address that is none': { lookup: (_host, _options, callback) => callback(null, 'none', 4) },
  'a local address of another machine': { localAddress: '192.0.2.1', host: '127.0.0.1' },
  'a local socket that is not there': { socketPath: '/nowhere/at/all' },
} as Record<string, RequestOptions>)) {
  for (const isPooled of [true, false]) {
    differ(
      `${what} fails a request that has its socket, ${isPooled ? 'of' : 'without'} an agent`,
      async (scene) => {
        const agent = isPooled ? scene.agent() : false;
        const req = scene.http.get({ host: 'a.test', agent, ...options });
        scene.watchRequest(req, 'req', ['socket', 'close']);
        req.on('error', (error) => scene.log('error', error, req.socket instanceof Socket, req.reusedSocket));
        await scene.closed();
      },
    );
  }
}

differNewest('a socket that fails before the request has it', async (scene) => {
  const req = scene.http.request({
    host: 'a.test',
    createConnection: () => new Socket().destroy(new Error('early')),
  });
  scene.watch('req', req, 'error');
  req.end();
  await scene.seen('req error');
  await scene.turns();
});

differ('createConnection in an agent', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const createConnection = ((options: Record<string, unknown>, callback: unknown) => {
    scene.log('createConnection', options.host, typeof callback, options.keepAlive);
    return connect(origin.port, '127.0.0.1');
  }) as never;
  for (let count = 0; count < 2; count++) {
    scene.get(origin, { agent, createConnection, host: 'a.test' });
    await scene.closed();
  }
  scene.log('connections', origin.connections.length);
});

/** A stream that answers the first write with `answer`. */
function duplex(answer: string, log: (label: string, ...values: unknown[]) => void): Duplex {
  let answered = false;
  return new Duplex({
    read() {},
    write(chunk, _encoding, callback) {
      log('written', String(chunk).length > 0);
      callback();
      if (answered) return;
      answered = true;
      setImmediate(() => {
        this.push(answer);
        this.push(null);
      });
    },
  });
}

differEither('a connection that is no net.Socket', async (scene) => {
  const req = scene.http.request({
    host: 'a.test',
    createConnection: (() => duplex(lastOk, scene.log)) as never,
  });
  req.on('socket', (socket) => scene.log('duplex', socket instanceof Duplex));
  scene.watchRequest(req).end();
  await scene.closed();
});

differEither('a connection that is no net.Socket, with a time-out', async (scene) => {
  const req = scene.http.request({
    host: 'a.test',
    createConnection: (() => Object.assign(duplex(lastOk, scene.log), { setTimeout: undefined })) as never,
  });
  scene.watchRequest(req).end();
  await scene.closed();
});

differ('a connection that was destroyed before it was given', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.http.request({
    host: 'a.test',
    createConnection: () => {
      const socket = connect(origin.port, '127.0.0.1');
      socket.destroy();
      return socket;
    },
  });
  scene.watchRequest(req).end();
  await scene.closed();
});

differ('onSocket gives a request its socket', async (scene) => {
  const origin = await scene.origin(lastOk);
  const agent = {
    defaultPort: 80,
    protocol: 'http:',
    addRequest(req: ClientRequest, options: Record<string, unknown>) {
      scene.log('addRequest', options.host, options.path);
      req.onSocket(connect(origin.port, '127.0.0.1'));
    },
  };
  scene.get(origin, { agent: agent as never, path: '/own' });
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('onSocket with an error', async (scene) => {
  const agent = {
    addRequest(req: { onSocket: (socket: unknown, error: Error) => void }) {
      req.onSocket(undefined, new Error('no socket'));
    },
  };
  scene.watchRequest(scene.http.get({ host: 'a.test', agent: agent as never }));
  await scene.closed();
});

differ('a connection that is refused', async (scene) => {
  const port = await scene.refusingPort();
  const req = scene.http.get({ host: '127.0.0.1', port });
  scene.watchRequest(req);
  req.on('error', (error) => {
    const {
      errno,
      syscall,
      address,
      port: at,
    } = error as NodeJS.ErrnoException & { address: string; port: number };
    scene.log('error', errno, syscall, address, at === port, req.reusedSocket, req.destroyed);
  });
  await scene.closed();
  scene.log('res', (req as unknown as { res: unknown }).res);
});

differEither('writing to a connection that is refused', async (scene) => {
  const port = await scene.refusingPort();
  const req = scene.http.request({ host: '127.0.0.1', port, method: 'POST' });
  scene.watchRequest(req);
  req.write('a', (error) => scene.log('write', error));
  req.end('b', () => scene.log('end'));
  await scene.closed();
});

differ('an error of the socket is an error of the request', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin);
  await origin.received(1);
  req.socket?.destroy(new Error('of the socket'));
  await scene.closed();
});

differ('an error of the socket within the response', async (scene) => {
  const origin = await scene.origin('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  const req = scene.get(origin);
  req.on('response', (res) => res.on('data', () => req.socket?.destroy(new Error('of the socket'))));
  await scene.closed();
});

differ('socket.destroy() without an error', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin);
  await origin.received(1);
  req.socket?.destroy();
  await scene.closed();
});

differ('socket.end() before the response', async (scene) => {
  const origin = await scene.origin();
  const req = scene.get(origin);
  await origin.received(1);
  req.socket?.end();
  await scene.closed();
});

differNewest('listeners that stay on the socket of a pool', async (scene) => {
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true });
  const counts = () => {
    const [socket] = Object.values(agent.freeSockets)[0] ?? [];
    return ['data', 'end', 'drain', 'timeout', 'free'].map((event) => socket?.listenerCount(event));
  };
  scene.get(origin, { agent });
  await scene.closed();
  const before = counts();
  for (let count = 0; count < 3; count++) {
    scene.get(origin, { agent });
    await scene.closed();
  }
  scene.log('as many as before', JSON.stringify(counts()) === JSON.stringify(before));
});
