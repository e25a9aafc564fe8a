/** The listeners that a server has on its sockets, for those who go through them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import * as http from 'barewire/http';
import { get, lastGet, post } from '../differential/messages.js';
import { WireClient } from '../differential/wire-client.js';

// Stock counts a connection out when it is called so, and its close() fails then: nothing to compare with.
test("the listeners of a socket's 'close' do nothing for another object than their socket", async () => {
  const server = http.createServer((req, res) => {
    const listeners = req.socket.listeners('close');
    assert.ok(listeners.length > 1, 'some go through them as a list');
    for (const listener of listeners) Reflect.apply(listener, req, []);
    req.on('data', (data: Buffer) => res.end(data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WireClient((server.address() as AddressInfo).port);
  await client.send(post('hello'));
  await client.until('hello');
  assert.equal(await connectionsOf(server), 1);
  client.end();
  await client.closed();
  server.close();
  await once(server, 'close');
});

function connectionsOf(server: http.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

test("a socket whose 'close' somebody emits by hand is read to its end all the same", async () => {
  let requests = 0;
  const server = http.createServer((req, res) => {
    requests++;
    req.socket.emit('close');
    res.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WireClient((server.address() as AddressInfo).port);
  await client.send(get('/1') + lastGet('/2'));
  client.end();
  await client.closed();
  assert.equal(requests, 1);
  server.close();
  await once(server, 'close');
});
