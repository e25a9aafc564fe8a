import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { finished } from 'node:stream';
import { it } from 'node:test';
import http from 'barewire/http';
import { bounded } from './bounded.js';
import { differ } from './differ.js';
import { get, lastGet } from './messages.js';

const waysToListen: [string, (res: ServerResponse, listener: () => void) => unknown][] = [
  ['on', (res, listener) => res.on('finish', listener)],
  ['addListener', (res, listener) => res.addListener('finish', listener)],
  ['once', (res, listener) => res.once('finish', listener)],
  ['prependListener', (res, listener) => res.prependListener('finish', listener)],
  ['prependOnceListener', (res, listener) => res.prependOnceListener('finish', listener)],
  ['stream.finished', (res, listener) => finished(res, listener)],
  ['a second end()', (res, listener) => res.end(listener)],
];

for (const [name, listen] of waysToListen) {
  differ(`who comes behind end() by ${name} hears it in the same turn, in its context`, async (scene) => {
    const storage = new AsyncLocalStorage<string>();
    const server = await scene.serve((_req, res) => {
      storage.run('the handler', () => {
        res.end('ok');
        setImmediate(() => scene.log('next turn'));
        listen(res, () => scene.log('heard', storage.getStore()));
      });
    });
    const client = scene.connect(server);
    await client.send(get());
    await client.until('ok');
    await scene.seen('heard');
    await scene.seen('next turn');
  });
}

differ('a write that somebody put in place of the socket’s tells when it is done', async (scene) => {
  const server = await scene.serve((_req, res) => {
    res.on('finish', () => scene.log('finish'));
    res.end('ok');
    scene.log('after end');
  });
  server.on('connection', (socket) => {
    const { write } = socket;
    socket.write = ((chunk: string, encoding: BufferEncoding, callback: () => void) => {
      setImmediate(() => {
        write.call(socket, chunk, encoding, () => {
          // Node 20 writes head and content one by one.
          if (String(chunk).endsWith('ok')) scene.log('written');
          callback?.();
        });
      });
      return true;
    }) as typeof write;
  });
  await scene.exchange(server, get(), 'ok');
  await scene.seen('finish');
});

differ('an upgrade behind a response is not in the context of that one', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((_req, res) => {
    storage.run('the response before', () => {
      // Heard, so that what follows is done in the context of this call.
      res.on('finish', () => {});
      setImmediate(() => res.end('ok'));
    });
  });
  server.on('upgrade', (_req, socket) => {
    scene.log('upgrade', storage.getStore());
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  const client = scene.connect(server);
  await client.send(get('/1') + get('/2', 'Connection: Upgrade', 'Upgrade: x'));
  await client.closed();
});

differ('a fault behind a response is not in the context of that one', async (scene) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await scene.serve((_req, res) => {
    storage.run('the response before', () => setImmediate(() => res.end('ok')));
  });
  server.on('clientError', (_error, socket) => {
    scene.log('clientError', storage.getStore());
    socket.destroy();
  });
  const client = scene.connect(server);
  await client.send(get('/1'));
  await client.until('ok');
  await client.send('no request\r\n\r\n');
  await client.closed();
});

it('a response that nobody hears ends, and the connection is idle, when its client has read', async (t) => {
  const text = 'x'.repeat(15_000);
  let last: ServerResponse | undefined;
  let isFull = () => {};
  const full = new Promise<void>((resolve) => {
    isFull = resolve;
  });
  let count = 0;
  const server = http.createServer((_req, res) => {
    count++;
    res.end(text);
    if (res.socket?.writableLength === 0) return;
    last = res;
    isFull();
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  // Several at once would be corked.
  const onRequest = () => {
    if (last === undefined) setImmediate(() => socket.write(get()));
  };
  server.on('request', onRequest);
  socket.write(get());
  await bounded('the system takes no more', full);
  let hasEnded = false;
  const finish = once(last as ServerResponse, 'finish').then(() => {
    hasEnded = true;
  });
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  server.closeIdleConnections();
  assert.equal(hasEnded, false);
  assert.equal(socket.closed, false);
  let received = '';
  socket.setEncoding('latin1').on('data', (data) => {
    received += data;
  });
  socket.resume();
  await bounded('the response ends', finish);
  socket.write(lastGet());
  await bounded('the connection ends', once(socket, 'close'));
  assert.equal(received.split(text).length - 1, count);
});
