import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, it } from 'node:test';
import { createServer } from 'barewire/http';
import { differ, differNewest } from './differ.js';
import { chunk, chunkedPost, get, lastChunk, lastGet } from './messages.js';

differNewest('enterWith in a handler does not reach the next request', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((req, res) => {
    scene.log('before', storage.getStore());
    storage.enterWith(String(req.url));
    setImmediate(() => {
      scene.log('later', storage.getStore());
      res.end('ok');
    });
  });
  const client = scene.connect(server);
  await client.send(get('/1'));
  await client.until('ok');
  await client.send(get('/2'));
  await client.until('ok', 2);
  await client.send(lastGet('/3'));
  await client.closed();
});

differ('run in a handler holds through timers, promises and stream events', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((req, res) => {
    storage.run(String(req.url), async () => {
      res.on('finish', () => scene.log('finish', storage.getStore()));
      res.on('close', () => scene.log('close', storage.getStore()));
      await Promise.resolve();
      scene.log('promise', storage.getStore());
      setTimeout(() => {
        scene.log('timer', storage.getStore());
        res.end('ok');
      }, 1);
    });
  });
  await scene.exchange(server, get('/1'), 'ok');
  await scene.seen('close');
});

differ('async iteration keeps the store', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((req, res) =>
    storage.run('store', async () => {
      for await (const data of req) scene.log('data', data, storage.getStore());
      scene.log('after', storage.getStore());
      res.end('ok');
    }),
  );
  const client = scene.connect(server);
  await client.send(chunkedPost('Connection: close') + chunk('one'));
  await scene.seen('data');
  await client.send(chunk('two') + lastChunk);
  await client.closed();
});

differNewest('pipelined requests have stores of their own', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((req, res) => {
    scene.log('before', req.url, storage.getStore());
    storage.enterWith(String(req.url));
    setImmediate(() => {
      scene.log('after', req.url, storage.getStore());
      res.on('finish', () => scene.log('finish', req.url, storage.getStore()));
      res.end('ok');
    });
  });
  await scene.exchange(server, get('/1') + get('/2') + lastGet('/3'));
});

differNewest('a request that had to wait for room has a store of its own', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve(
    (req, res) => {
      scene.log('before', req.url, storage.getStore());
      storage.run(String(req.url), () => res.end('x'.repeat(20_000)));
    },
    // The first response fills the stream: what is behind its request is read when it has drained.
    { highWaterMark: 1000 },
  );
  const client = scene.connect(server);
  await client.send(get('/1') + lastGet('/2'));
  await client.closed();
});

differ('handlers run in the context in which the server began to listen', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = scene.http.createServer((_req, res) => {
    scene.log('handler', storage.getStore());
    res.end('ok');
  });
  await storage.run('maker', () => scene.listen(server));
  await scene.exchange(server, lastGet());
});

differ('a store entered on connection', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((req, res) => {
    scene.log('handler', req.url, storage.getStore());
    res.end('ok');
  });
  server.on('connection', () => storage.enterWith('connection'));
  const client = scene.connect(server);
  await client.send(get('/1'));
  await client.until('ok');
  await client.send(lastGet('/2'));
  await client.closed();
});

differ('drain and write callbacks keep the store of the writer', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve(
    (_req, res) => {
      storage.run('writer', () => {
        res.on('drain', () => {
          scene.log('drain', storage.getStore());
          res.end();
        });
        res.write('x'.repeat(20_000), () => scene.log('written', storage.getStore()));
      });
    },
    { highWaterMark: 1000 },
  );
  await scene.exchange(server, lastGet());
});

differ('listeners that come behind end() are called in the context of that call', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((req, res) => {
    storage.run(String(req.url), () => {
      res.end('ok');
      // Of every other response nobody hears anything.
      if (req.url?.startsWith('/heard')) {
        res.on('finish', () => scene.log('finish', req.url, storage.getStore()));
        res.on('close', () => scene.log('close', req.url, storage.getStore()));
      }
    });
  });
  const client = scene.connect(server);
  const other = scene.connect(server);
  await Promise.all([client.send(get('/unheard/1')), other.send(get('/heard/1'))]);
  await client.until('ok');
  await other.until('ok');
  await scene.seen('close');
  await client.send(lastGet('/heard/2'));
  await client.closed();
  await scene.seen('close', 2);
});

differNewest(
  "a store entered by a subscriber of http.server.request.start is the handler's",
  async (scene) => {
    const storage = new AsyncLocalStorage<string>();
    const enter = (message: unknown) => {
      const { request } = message as { request: IncomingMessage };
      scene.log('start', request.url, storage.getStore());
      storage.enterWith(`entered for ${request.url}`);
    };
    subscribe('http.server.request.start', enter);
    try {
      const server = await scene.serve((req, res) => {
        scene.log('handler', req.url, storage.getStore());
        res.end('ok');
      });
      const client = scene.connect(server);
      await client.send(get('/1') + get('/2'));
      await client.until('ok', 2);
      await client.send(get('/3') + lastGet('/4'));
      await client.closed();
    } finally {
      unsubscribe('http.server.request.start', enter);
    }
  },
);

describe('what cannot be read behind a request', () => {
  it('is told in a context of its own', async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const server = createServer((req, res) => {
      storage.enterWith(String(req.url));
      res.end('ok');
    });
    const told = once(server, 'clientError');
    const stores: unknown[] = [];
    server.prependListener('clientError', () => stores.push(storage.getStore()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.end(`${get('/1')}no request`);
    const [, peer] = await told;
    peer.destroy();
    assert.deepEqual(stores, [undefined]);
  });
});
