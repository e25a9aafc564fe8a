import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { it } from 'node:test';
import http from 'barewire/http';
import { bounded } from '../differential/bounded.js';
import { get, lastGet } from '../differential/messages.js';

it('pipelined responses, of which some are heard, end in the contexts of the calls that ended them', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const told: string[] = [];
  const closed: Promise<unknown>[] = [];
  const server = http.createServer((req, res) => {
    storage.run(String(req.url), () => {
      if (req.url?.startsWith('/before'))
        res.on('finish', () => told.push(`${req.url} ${storage.getStore()}`));
      res.end('ok');
      if (req.url?.startsWith('/behind'))
        res.on('finish', () => told.push(`${req.url} ${storage.getStore()}`));
    });
    closed.push(new Promise<void>((resolve) => res.on('close', resolve)));
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
  const urls = ['/unheard/1', '/behind/2', '/before/3', '/unheard/4', '/behind/5', '/before/6', '/behind/7'];
  socket.write(urls.map((url) => get(url)).join('') + lastGet('/unheard/8'));
  await bounded('the connection ends', once(socket, 'close'));
  await bounded('all responses close', Promise.all(closed));
  assert.equal(closed.length, 8);
  const heard = urls.filter((url) => !url.startsWith('/unheard'));
  assert.deepEqual(
    told,
    heard.map((url) => `${url} ${url}`),
  );
});

it('an exception of a listener keeps no other response from its end', async (t) => {
  const server = http.createServer((req, res) => {
    res.end('ok');
    res.on('finish', () => {
      if (req.url === '/throws') throw new Error('of the listener');
    });
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const thrown: string[] = [];
  const onThrown = (error: Error) => thrown.push(error.message);
  // The runner has a listener too, that would fail the test.
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', onThrown);
  t.after(() => {
    process.removeListener('uncaughtException', onThrown);
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const { port } = server.address() as AddressInfo;
  const sockets = ['/throws', '/fine', '/throws', '/fine'].map((url) => {
    const socket = connect(port, '127.0.0.1').resume();
    socket.write(lastGet(url));
    return once(socket, 'close');
  });
  await bounded('all connections end', Promise.all(sockets));
  assert.deepEqual(thrown, ['of the listener', 'of the listener']);
});
