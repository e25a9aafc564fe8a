import { AsyncLocalStorage, createHook, executionAsyncId } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ, differEither, differNewest } from './differ.js';
import { head, ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');

/** Logs what is published of the requests of this scene. */
function subscribe(scene: ClientScene): void {
  for (const name of [
    'http.client.request.created',
    'http.client.request.start',
    'http.client.request.error',
    'http.client.response.finish',
  ]) {
    const listener = (message: unknown) => {
      const { request, response, error } = message as {
        request: ClientRequest;
        response?: IncomingMessage;
        error?: Error;
      };
      scene.log(name, request.path, Object.keys(message as object).sort());
      if (response) scene.log('response', response.statusCode, response.headers, response.complete);
      if (error) scene.log('error', error);
      if (name.endsWith('created'))
        scene.log(
          'created',
          request.headersSent,
          request.getHeader('host') !== undefined,
          request.socket === null,
        );
      if (name.endsWith('created')) request.setHeader('X-Trace', 't');
    };
    diagnostics.subscribe(name, listener);
    scene.atTheEnd(() => diagnostics.unsubscribe(name, listener));
  }
}

differNewest('diagnostics of a request and its response', async (scene) => {
  subscribe(scene);
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, { path: '/observed' });
  scene.log('made');
  req.end();
  scene.log('ended');
  await scene.closed();
  scene.recordOrigin(origin);
});

differNewest('diagnostics of a request that fails', async (scene) => {
  subscribe(scene);
  const port = await scene.refusingPort();
  scene.watchRequest(scene.http.get({ host: '127.0.0.1', port, path: '/refused' }));
  await scene.closed();
});

differNewest('diagnostics of a response that fails', async (scene) => {
  subscribe(scene);
  const origin = await scene.origin((connection) => {
    connection.socket.end(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
  });
  scene.get(origin, { path: '/cut' });
  await scene.closed();
});

differNewest('diagnostics of a malformed response', async (scene) => {
  subscribe(scene);
  const origin = await scene.origin('garbage\r\n\r\n');
  scene.get(origin, { path: '/garbage' });
  await scene.closed();
});

differNewest('diagnostics of a request that is destroyed', async (scene) => {
  subscribe(scene);
  const origin = await scene.origin();
  const req = scene.get(origin, { path: '/destroyed' });
  await origin.received(1);
  req.destroy();
  await scene.closed();
});

differNewest('diagnostics of a request with an array of headers', async (scene) => {
  const names: string[] = [];
  for (const name of ['http.client.request.created', 'http.client.request.start']) {
    const listener = () => names.push(name);
    diagnostics.subscribe(name, listener);
    scene.atTheEnd(() => diagnostics.unsubscribe(name, listener));
  }
  const origin = await scene.origin(lastOk);
  scene.get(origin, { headers: ['Host', 'a'] as never });
  await scene.closed();
  scene.log('names', names);
});

differ('AsyncLocalStorage in the events of a request', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const origin = await scene.origin(head('HTTP/1.1 103 Early Hints') + lastOk);
  storage.run('outer', () => {
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent: scene.agent() });
    for (const event of ['socket', 'finish', 'information', 'response', 'close']) {
      req.on(event, () => scene.log(event, storage.getStore()));
    }
    req.on('response', (res) => {
      for (const event of ['data', 'end', 'close'])
        res.on(event, () => scene.log(`res ${event}`, storage.getStore()));
    });
  });
  await scene.seen('close');
  await scene.turns();
});

differEither('AsyncLocalStorage of requests on one connection', async (scene) => {
  const storage = new AsyncLocalStorage<number>();
  const origin = await scene.origin(ok());
  const agent = scene.agent({ keepAlive: true, maxSockets: 1 });
  for (let count = 0; count < 4; count++) {
    storage.run(count, () => {
      const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
      req.on('socket', () => scene.log(`${count} socket`, storage.getStore()));
      req.on('response', (res) => {
        scene.log(`${count} response`, storage.getStore());
        res.on('data', () => scene.log(`${count} data`, storage.getStore()));
        res.on('end', () => scene.log(`${count} end`, storage.getStore()));
        res.on('close', () => scene.log(`${count} res close`, storage.getStore()));
      });
      req.on('close', () => scene.log(`${count} close`, storage.getStore()));
    });
  }
  for (let count = 0; count < 4; count++) await scene.seen(`${count} res close`);
  await scene.turns();
  scene.log('connections', origin.connections.length);
});

differ('AsyncLocalStorage in errors', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const origin = await scene.origin((connection) => connection.end());
  const port = await scene.refusingPort();
  const watch = (label: string, req: ClientRequest) => {
    req.on('error', () => scene.log(`${label} error`, storage.getStore()));
    req.on('close', () => scene.log(`${label} close`, storage.getStore()));
  };
  storage.run('ended', () => watch('ended', scene.http.get({ host: '127.0.0.1', port: origin.port })));
  await scene.seen('ended close');
  storage.run('refused', () => watch('refused', scene.http.get({ host: '127.0.0.1', port })));
  await scene.seen('refused close');
  storage.run('destroyed', () => {
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
    watch('destroyed', req);
    req.destroy();
  });
  await scene.seen('destroyed close');
});

differ('AsyncLocalStorage in the time-out', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const origin = await scene.origin();
  storage.run('store', () => {
    const req = scene.adoptRequest(scene.http.get({ host: '127.0.0.1', port: origin.port, timeout: 10 }));
    req.on('timeout', () => scene.log('timeout', storage.getStore()));
  });
  await scene.seen('timeout');
});

differEither('a rejection in a listener of response, with captureRejections', async (scene) => {
  const origin = await scene.origin(lastOk);
  EventEmitter.captureRejections = true;
  scene.atTheEnd(() => {
    EventEmitter.captureRejections = false;
  });
  const req = scene.http.request({ host: '127.0.0.1', port: origin.port });
  scene.watch('req', req, 'error', 'close');
  req.on('response', async (res) => {
    res.resume();
    throw new Error('rejected');
  });
  req.end();
  await scene.seen('req close');
  await scene.turns();
  scene.log('destroyed', req.destroyed);
});

differ('once, async iteration and promises on a response', async (scene) => {
  const origin = await scene.origin(ok('text'), ok('more'));
  const req = scene.http.get({ host: '127.0.0.1', port: origin.port });
  const [res] = (await EventEmitter.once(req, 'response')) as [IncomingMessage];
  const parts: string[] = [];
  for await (const data of res) parts.push(String(data));
  scene.log('iterated', parts.join(''), res.complete, res.destroyed);
  const again = scene.http.get({ host: '127.0.0.1', port: origin.port });
  const [second] = (await EventEmitter.once(again, 'response')) as [IncomingMessage];
  scene.log('toArray', String(await second.toArray()));
});

differ('the callback runs before other listeners of response', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.http.request({ host: '127.0.0.1', port: origin.port }, () => scene.log('callback'));
  req.on('response', (res) => {
    scene.log('listener', req.listenerCount('response'));
    res.resume();
  });
  scene.watch('req', req, 'close');
  req.end();
  await scene.seen('req close');
});

differ('a response is dumped where nobody listens, by the options of events', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.http.request({ host: '127.0.0.1', port: origin.port });
  req.once('response', (res) => scene.log('once', res.readableFlowing));
  scene.watch('req', req, 'close', 'error');
  req.end();
  await scene.seen('once');
  await scene.turns();
  req.destroy();
  await scene.seen('req close');
});

differ(
  'every request has an async resource of type HTTPCLIENTREQUEST, in which its response comes',
  async (scene) => {
    const types = new Map<number, string>();
    const hook = createHook({ init: (id, type) => void types.set(id, type) }).enable();
    try {
      const origin = await scene.origin(ok(), ok(), lastOk);
      const agent = scene.agent({ keepAlive: true });
      for (let count = 1; count <= 3; count++) {
        const req = scene.get(origin, { agent }, 'req', ['close']);
        req.on('response', () => scene.log('type', types.get(executionAsyncId())));
        await scene.closed();
      }
    } finally {
      hook.disable();
    }
    scene.log('made', [...types.values()].filter((type) => type === 'HTTPCLIENTREQUEST').length);
  },
);
