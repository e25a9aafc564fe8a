import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { finished, PassThrough, pipeline, Readable } from 'node:stream';
import type { ClientScene } from './client-scene.js';
import { differ, differEither, differNewest } from './differ.js';
import { ok } from './messages.js';

const lastOk = ok('ok', 'Connection: close');
const events = ['prefinish', 'finish', 'drain', 'error', 'close', 'abort', 'timeout'];

/** A POST request whose every event is logged, and what arrived of it. */
async function posted(scene: ClientScene, act: (req: ClientRequest) => unknown): Promise<void> {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  await act(req);
  await scene.closed();
  scene.recordOrigin(origin);
}

const states = [
  ...([
    'writable',
    'writableEnded',
    'writableFinished',
    'finished',
    'headersSent',
    'destroyed',
    'closed',
  ] as const),
  'writableLength' as const,
];

differEither('callbacks of write and end in their order', (scene) =>
  posted(scene, (req) => {
    req.write('one', () => scene.log('write one'));
    req.write('two', 'latin1', () => scene.log('write two'));
    req.end('three', () => scene.log('end'));
  }),
);

differEither('end with a callback alone, and with an encoding', async (scene) => {
  await posted(scene, (req) => req.end(() => scene.log('end')));
  await posted(scene, (req) => req.end('YQ==', 'base64', () => scene.log('end')));
});

differ('writes before there is a socket are sent in their order', (scene) =>
  posted(scene, (req) => {
    for (let count = 0; count < 20; count++) req.write(`${count} `);
    req.end();
  }),
);

differEither('writes after the socket is there', (scene) =>
  posted(scene, async (req) => {
    await new Promise((resolve) => req.on('socket', (socket) => socket.once('connect', resolve)));
    req.write('one', () => scene.log('one'));
    await scene.seen('one');
    req.write('two', () => scene.log('two'));
    await scene.seen('two');
    req.end(() => scene.log('end'));
  }),
);

differ('states before, within and after', (scene) =>
  posted(scene, (req) => {
    scene.properties('new', req, states);
    req.write('a');
    scene.properties('written', req, states.slice(0, -1));
    req.end('b');
    scene.properties('ended', req, states.slice(0, -1));
    req.on('finish', () => scene.properties('finish', req, states));
    req.on('close', () => scene.properties('close', req, states));
  }),
);

differ('write after end', (scene) =>
  posted(scene, (req) => {
    req.end('a');
    scene.attempt('write', () => req.write('b', (error) => scene.log('callback', error)));
  }),
);

differ('write after end without a callback', (scene) =>
  posted(scene, (req) => {
    req.end();
    scene.attempt('write', () => req.write('b'));
  }),
);

differEither('end after end', (scene) =>
  posted(scene, async (req) => {
    req.end('a', () => scene.log('first'));
    scene.attempt('end', () => req.end((error?: Error) => scene.log('second', error)) === req);
    await scene.seen('req finish');
    scene.attempt('end', () => req.end((error?: Error) => scene.log('third', error)) === req);
  }),
);

differ('end with content after end', (scene) =>
  posted(scene, (req) => {
    req.end('a');
    scene.attempt('end', () => req.end('b', (error?: Error) => scene.log('callback', error)) === req);
  }),
);

differEither('write after destroy', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  req.destroy();
  scene.attempt('write', () => req.write('a', (error) => scene.log('callback', error)));
  scene.attempt('end', () => req.end('b', (error?: Error) => scene.log('end callback', error)) === req);
  await scene.closed();
  scene.attempt('write', () => req.write('a', (error) => scene.log('callback', error)));
  scene.attempt('end', () => req.end((error?: Error) => scene.log('end callback', error)) === req);
  await scene.turns();
});

differ('write of what is no content', (scene) =>
  posted(scene, (req) => {
    for (const value of [null, undefined, 1, true, {}, [], Symbol('s'), () => {}]) {
      scene.attempt(String(value), () => req.write(value as never));
    }
    scene.attempt('end of a number', () => req.end(1 as never) === req);
    scene.attempt('end of an object', () => req.end({} as never) === req);
    scene.attempt('end of null', () => req.end(null as never) === req);
  }),
);

differ('an empty write', (scene) =>
  posted(scene, (req) => {
    scene.log('write', req.write(''));
    scene.log('headersSent', req.headersSent);
    req.write(Buffer.alloc(0), () => scene.log('empty buffer'));
    req.end('a');
  }),
);

for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
  differ(`an empty write of a ${method}`, async (scene) => {
    const origin = await scene.origin(lastOk);
    for (const end of [undefined, '', Buffer.alloc(0)]) {
      const req = scene.request(origin, { method }, 'req', events);
      scene.attempt('write', () => req.write('', () => scene.log('written')));
      scene.log('headersSent', req.headersSent);
      scene.attempt('write again', () => req.write(Buffer.alloc(0), () => scene.log('written again')));
      scene.attempt('end', () => req.end(end) === req);
      await scene.closed();
    }
    scene.recordOrigin(origin);
  });

  differ(`an empty write of a ${method} on a socket that is connected`, async (scene) => {
    const origin = await scene.origin(ok());
    const agent = scene.agent({ keepAlive: true });
    for (const event of ['connect', 'free']) {
      const req = scene.request(origin, { method, agent }, 'req', events);
      req.on('socket', (socket) => {
        const write = () => {
          scene.attempt('write', () => req.write(''));
          scene.attempt('end', () => req.end() === req);
        };
        if (event === 'connect') socket.once('connect', write);
        else write();
      });
      await scene.closed();
    }
    scene.recordOrigin(origin);
  });
}

differ('an empty write of a GET sends its head', async (scene) => {
  const origin = await scene.origin(ok());
  const req = scene.request(origin, {}, 'req', events);
  scene.log('write', req.write(''));
  const connection = await origin.connection();
  await connection.until('\r\n\r\n');
  await scene.seen('res end');
  scene.attempt('end', () => req.end() === req);
  await scene.closed();
});

differ('an empty write of a POST whose framing fields were removed', async (scene) => {
  const origin = await scene.origin(ok());
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  req.removeHeader('Content-Length');
  req.removeHeader('Transfer-Encoding');
  scene.attempt('write', () => req.write(''));
  scene.attempt('end', () => req.end() === req);
  await scene.closed();
  scene.recordOrigin(origin);
});

differNewest('cork and uncork of a request', (scene) =>
  posted(scene, async (req) => {
    req.cork();
    scene.log('corked', req.writableCorked);
    req.write('one', () => scene.log('one'));
    req.write('two', () => scene.log('two'));
    req.cork();
    scene.log('corked', req.writableCorked);
    req.uncork();
    req.uncork();
    scene.log('corked', req.writableCorked);
    await scene.seen('two');
    req.cork();
    req.write('three');
    req.end('four');
    scene.log('corked', req.writableCorked);
  }),
);

differ('drain after a long write', (scene) =>
  posted(scene, async (req) => {
    scene.log('write', req.write('a'.repeat(1_000_000)), req.writableNeedDrain);
    await scene.seen('req drain');
    scene.log('drained', req.writableNeedDrain, req.writableLength);
    req.end();
  }),
);

differ('the end of a request that was corked before it had its socket', async (scene) => {
  const origin = await scene.origin(lastOk);
  const options = { method: 'POST', headers: { 'Content-Length': 9 } };
  const req = scene.request(origin, options, 'req', ['finish', 'close']);
  req.write('hello');
  req.cork();
  await once((await once(req, 'socket'))[0], 'connect');
  req.write('more');
  req.end();
  await scene.closed();
  scene.recordOrigin(origin);
});

differ('no drain after the end', async (scene) => {
  for (const isConnected of [false, true]) {
    await posted(scene, async (req) => {
      if (isConnected) await once((await once(req, 'socket'))[0], 'connect');
      scene.log('write', req.write('a'.repeat(1_000_000)), req.writableNeedDrain);
      req.end();
    });
  }
});

differ('write after end of a request that gets no socket', async (scene) => {
  const agent = scene.agent();
  Object.assign(agent, {
    createSocket: (_req: unknown, _options: unknown, done: (error: Error) => void) => {
      process.nextTick(done, new Error('no socket'));
    },
  });
  const req = scene.adoptRequest(scene.http.request({ host: '127.0.0.1', method: 'POST', agent }));
  scene.watch('req', req, ...events);
  req.end();
  const write = (left: number): void => {
    req.write('late', (error) => scene.log('callback', left, error));
    if (left > 0) process.nextTick(write, left - 1);
  };
  write(5);
  await scene.seen('req close');
  await scene.turns();
});

differEither('drain while waiting for a socket', async (scene) => {
  const agent = scene.agent({ maxSockets: 1 });
  const origin = await scene.origin(lastOk);
  const first = scene.request(origin, { agent, method: 'POST' }, 'first', events);
  const second = scene.request(origin, { agent, method: 'POST' }, 'second', events);
  scene.log(
    'write',
    second.write('a'.repeat(100_000)),
    second.writableNeedDrain,
    second.writableLength > 100_000,
  );
  await scene.turns();
  first.end();
  await scene.seen('second drain');
  second.end();
  await scene.closed('first');
  await scene.closed('second');
});

differ('pipe into a request', (scene) =>
  posted(scene, (req) => {
    scene.watch('req', req, 'pipe', 'unpipe');
    Readable.from(['one', 'two', Buffer.from('three')]).pipe(req);
  }),
);

differ('pipeline into a request', (scene) =>
  posted(scene, (req) => {
    pipeline(Readable.from(['one', 'two']), req, (error) => scene.log('pipeline', error));
  }),
);

differ('a source that fails in pipeline', async (scene) => {
  const origin = await scene.origin(lastOk);
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  const source = new PassThrough();
  pipeline(source, req, (error) => scene.log('pipeline', error));
  source.write('begun');
  const connection = await origin.connection();
  await connection.until('begun');
  source.destroy(new Error('source'));
  await scene.closed();
});

differ('finished() of a request', (scene) =>
  posted(scene, (req) => {
    finished(req, (error) => scene.log('finished', error));
    req.end('a');
  }),
);

differ('finished() of a request that is destroyed', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  finished(req, (error) => scene.log('finished', error));
  req.write('a');
  await origin.connection();
  req.destroy();
  await scene.closed();
});

differ('a request cannot be piped from', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST' });
  scene.attempt('pipe', () => (req as unknown as Readable).pipe(new PassThrough()));
  await scene.turns(2);
  req.destroy();
  await scene.closed();
});

differ('more and less content than Content-Length says', async (scene) => {
  for (const length of [2, 6]) {
    const origin = await scene.origin(lastOk);
    const req = scene.request(
      origin,
      { method: 'POST', headers: { 'Content-Length': length } },
      'req',
      events,
    );
    req.end('text');
    const connection = await origin.connection();
    await connection.until('text');
    req.destroy();
    await scene.closed();
    scene.recordOrigin(origin);
  }
});

differ('a response before the request is finished', async (scene) => {
  const origin = await scene.origin();
  const agent = scene.agent({ keepAlive: true });
  const req = scene.request(origin, { method: 'POST', agent }, 'req', events);
  req.write('one');
  const connection = await origin.connection();
  await connection.until('one');
  await connection.send(ok('early'));
  await scene.seen('res end');
  scene.log('free', Object.keys(agent.freeSockets).length);
  req.end('two');
  await scene.closed();
  scene.log('free', Object.keys(agent.freeSockets).length);
  scene.recordOrigin(origin);
});

differ('a response that closes before the request is finished', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  req.write('one');
  const connection = await origin.connection();
  await connection.until('one');
  await connection.send(ok('early', 'Connection: close'));
  connection.end();
  await scene.seen('res end');
  await scene.seen('res close');
  await scene.closed();
  scene.attempt('write', () => req.write('two', (error) => scene.log('callback', error)));
  scene.attempt('end', () => req.end() === req);
  await scene.turns();
});

differNewest('writableAborted and writableNeedDrain', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST' });
  const members = ['writableAborted', 'writableNeedDrain'] as never[];
  scene.properties('new', req, members);
  req.destroy(new Error('mine'));
  scene.properties('destroyed', req, members);
  await scene.closed();
  scene.properties('closed', req, members);
});

differ('write in the callback of the request', async (scene) => {
  const origin = await scene.origin();
  const req = scene.request(origin, { method: 'POST' }, 'req', events);
  req.on('response', () => req.end('in response'));
  req.write('first');
  const connection = await origin.connection();
  await connection.until('first');
  await connection.send(ok());
  await connection.until('in response');
  await scene.closed();
  scene.recordOrigin(origin);
});
