/** Requests that are destroyed when their response is complete, and nobody has read it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { it, type TestContext } from 'node:test';
import http from 'barewire/http';
import { bounded } from '../differential/bounded.js';
import { ok } from '../differential/messages.js';

/** A server that answers whatever comes. Returns its port. */
async function answering(t: TestContext): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(ok()));
  });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('an iteration that is left behind the last content leaves the connection to others', async (t) => {
  const port = await answering(t);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const req = http.get({ host: '127.0.0.1', port, agent });
  const [res] = await bounded('the response', once(req, 'response'));
  const closed = once(req, 'close');
  for await (const _ of res) break;
  await bounded('the end of the request', closed);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(Object.keys(agent.freeSockets).length, 1);
});

it('a request that is destroyed gives up its connection, whatever listens on its response', async (t) => {
  const port = await answering(t);
  for (const event of ['readable', 'data', 'end']) {
    const agent = new http.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const req = http.get({ host: '127.0.0.1', port, agent });
    const [res] = await bounded('the response', once(req, 'response'));
    res.on(event, () => {});
    if (event === 'readable') await bounded('the content', once(res, event));
    assert.equal(res.complete, true);
    const closed = once(req, 'close');
    req.destroy();
    await bounded(`the end of the request, with a listener for ${event}`, closed);
    assert.deepEqual(Object.keys(agent.sockets), []);
    assert.equal(Object.keys(agent.freeSockets).length, 1);
  }
});
