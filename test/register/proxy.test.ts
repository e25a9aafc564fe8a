/** http-proxy-middleware: a server whose answers come by a client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { conversation, exchange, walkOut } from './exchanges.js';
import { WebSocket } from './packages.js';
import { serve } from './servers.js';

const app = serve('proxy.mjs');

app.answers('GET', 200, { path: '/api/json?a=1', headers: { 'X-One': ['1', '2'] } }, ({ content }) => {
  assert.equal(JSON.parse(content).url, '/json?a=1');
});
app.answers('HEAD', 200, { method: 'HEAD', path: '/api/json' });
app.answers('a body with a length', 200, { method: 'POST', path: '/api/json', body: 'abc' });
app.answers('a chunked body', 200, { method: 'PUT', path: '/api/json', body: ['one', 'two'] });
app.answers('1 MiB', 200, { method: 'PUT', path: '/api/json', body: Buffer.alloc(1 << 20, 'x') });
app.answers('DELETE', 200, { method: 'DELETE', path: '/api/json' });
app.answers('a stream', 200, { path: '/api/stream' });
app.answers('a large answer', 200, { path: '/api/large' });
app.answers('204', 204, { path: '/api/empty' });
app.answers('a redirect to the upstream', 302, { path: '/api/redirect' });
app.answers('cookies', 200, { path: '/api/cookies' });
app.answers('an answer that is changed', 200, { path: '/changed/json' });
app.answers('an upstream that is not there', 504, { path: '/nobody' });
app.answers('an upstream that hangs up', 504, { path: '/api/hangup' });
app.same('an upstream whose answer breaks off, and a client that does not wait for the rest', (port) =>
  walkOut(port, 'GET /api/partial HTTP/1.1\r\nHost: shop.example\r\n\r\n', true),
);
app.same('pipelined requests', (port) =>
  conversation(
    port,
    'GET /api/json?1 HTTP/1.1\r\nHost: shop.example\r\n\r\nGET /api/json HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n',
  ),
);
app.same(
  'WebSockets go through',
  async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
    await once(socket, 'open');
    const answer = once(socket, 'message');
    socket.send('hello');
    const [message] = await answer;
    socket.close();
    await once(socket, 'close');
    return String(message);
  },
  (message: string) => assert.equal(message, 'up: hello'),
);
app.same('what the upstream got', (port, agent) => exchange(port, agent, { path: '/arrived' }));
